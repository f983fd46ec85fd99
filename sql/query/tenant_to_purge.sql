-- The tenant whose outlived rows have waited longest, if that is an hour.
-- rows: one
select id, schema_name
  from public.tenants_tenant
 where state = 'active' and (purge_time is null or purge_time < now() - interval '1 hour')
 order by purge_time nulls first, id
 limit 1
