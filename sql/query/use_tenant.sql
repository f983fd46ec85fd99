-- The schema of a tenant's sessions, locked, so that it keeps its name until the transaction ends.
-- rows: one
select schema_name, heads::text as heads
  from public.tenants_tenant
 where id = :arg.id::bigint and state = 'active'
   for share
