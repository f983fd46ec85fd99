-- The tenant whose outlived rows have waited longest, if that is an hour and nobody changes it.
-- rows: one
select id, schema_name
  from public.tenants_tenant
 where state = 'active' and (sweep_time is null or sweep_time < now() - interval '1 hour')
 order by sweep_time nulls first, id
 limit 1
   for update skip locked
