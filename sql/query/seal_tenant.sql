-- The next tenant whose audit may have rows to seal: one whose rows say which transaction wrote them.
-- rows: one
select id, schema_name
  from public.tenants_tenant
 where state in ('active', 'suspended') and id > :arg.after::bigint and (heads ->> 'core')::integer >= 4
 order by id
 limit 1
