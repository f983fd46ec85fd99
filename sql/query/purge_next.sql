-- The next deleted tenant whose retention time is over, if no other server is purging it.
-- rows: one
select id, schema_name, role, state
  from public.tenants_tenant
 where state in ('deleted', 'purging') and purge_time <= now()
 order by purge_time, id
 limit 1
   for update skip locked
