-- The applied migrations whose files say something else now, one line each, parts apart by tabs: the part, app and name,
-- file, the checksum that was applied, how many tenants have it, one of them, and the name that it had if that is another.
-- rows: one
with changed as (
    select 'shared' as part, f.app, f.name, f.file, k.checksum as applied, f.name as applied_name, f.number
      from jsonb_to_recordset(:arg.shared_files::jsonb)
           as f (app text, number integer, name text, checksum text, former jsonb, file text)
      join public.core_migration k on k.app = f.app and k.name = f.name
     where k.checksum <> f.checksum and not f.former ? k.checksum
    union all
    select 'tenant', f.app, f.name, f.file, k.checksum, k.name, f.number
      from jsonb_to_recordset(:arg.tenant_files::jsonb)
           as f (app text, number integer, name text, checksum text, former jsonb, file text)
      join public.migration_file k on k.app = f.app and k.number = f.number
     where k.name <> f.name
        or (k.checksum <> f.checksum and not f.former ? k.checksum
            and not exists (select from public.migration_accepted a
                             where a.app = f.app and a.name = f.name and a.checksum = k.checksum))
), counted as (
    select c.*, t.tenants, t.sample
      from changed c
     cross join lateral (select count(*) as tenants, min(t.schema_name) as sample
                           from public.tenants_tenant t
                          where c.part = 'tenant' and (t.heads ->> c.app)::integer >= c.number) t
)
select string_agg(concat_ws(E'\t', part, app || '/' || name, file, applied, tenants, coalesce(sample, ''),
                            case when applied_name = name then '' else applied_name end), E'\n' order by file) as lines
  from counted
 where part = 'shared' or tenants > 0
