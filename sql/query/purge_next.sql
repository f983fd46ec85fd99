-- The next tenant whose time is over, if no other server works on it.
-- rows: one
select id, schema_name, role, state
  from public.tenants_tenant
 where state in ('deleted', 'purging') and purge_time <= now()
 order by purge_time, id
 limit 1
   for update skip locked
