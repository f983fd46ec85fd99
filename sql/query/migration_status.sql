-- All tenants with their migrations, in one query.
-- rows: many into tenants
select coalesce(s.tenant_id, 0) as tenant_id, s.schema_name,
       case when s.is_orphan then 'orphan' else s.state end as state,
       array(select h.key || ' ' || lpad(h.value, 4, '0') from jsonb_each_text(s.heads) h order by h.key) as heads,
       s.behind, coalesce(s.failure, '') as failure, coalesce(s.failed_run_id, 0) as failed_run_id,
       coalesce(s.sqlstate, '') as sqlstate, coalesce(s.place, '') as place, coalesce(s.statement, '') as statement,
       s.schema_name as page_key
  from (select t.id as tenant_id, coalesce(t.schema_name, n.nspname) collate "C" as schema_name, t.state,
               coalesce(t.heads, '{}') as heads, t.id is null or n.nspname is null as is_orphan,
               case when t.id is null then '{}'
                    else array(select w.key || ' ' || lpad(coalesce(t.heads ->> w.key, '0'), 4, '0') || ' -> '
                                      || lpad(w.value, 4, '0')
                                 from jsonb_each_text(:arg.newest::jsonb) w
                                where coalesce((t.heads ->> w.key)::integer, 0) < w.value::integer
                                order by w.key) end as behind,
               f.error as failure, f.run_id as failed_run_id, f.sqlstate, f.file || case when f.line > 0 then ':' || f.line else '' end as place,
               f.statement
          from public.tenants_tenant t
          full join (select nspname::text as nspname
                       from pg_catalog.pg_namespace
                      where nspowner = (select relowner from pg_catalog.pg_class
                                         where oid = 'public.tenants_tenant'::regclass)
                        and nspname <> 'public') n on n.nspname = t.schema_name
          left join lateral (
               select l.error, l.run_id, l.state, l.sqlstate, l.file, l.line, l.statement
                 from public.migration_item l
                where l.tenant_id = t.id and l.state <> 'pending'
                order by l.run_id desc
                limit 1) f on f.state = 'failed'
         where coalesce(t.schema_name, n.nspname) collate "C" > coalesce(:page.key, '')
           and (not :failed::boolean or f.run_id is not null)
           and (not :orphans::boolean or t.id is null or n.nspname is null)) s
 where not :behind::boolean or cardinality(s.behind) > 0
 order by s.schema_name
 limit :page.limit
