-- A tenant migration whose file differs from what some tenant has applied.
-- rows: one
select f.file
  from jsonb_to_recordset(:arg.files::jsonb) as f (app text, number integer, name text, checksum text, file text)
  join public.migration_file k on k.app = f.app and k.number = f.number
 where (k.name <> f.name or k.checksum <> f.checksum)
   and exists (select from public.tenants_tenant t where (t.heads ->> f.app)::integer >= f.number)
 order by f.file
 limit 1
