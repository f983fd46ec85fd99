-- Locks the tenant, so that nobody suspends, deletes or migrates it while this transaction works on it.
-- rows: one
select schema_name, role, state, heads::text as heads
  from public.tenants_tenant
 where id = :arg.id::bigint
   for no key update
