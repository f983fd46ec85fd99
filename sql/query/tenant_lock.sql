-- The tenant that a request means, locked, so that changes of a tenant's state happen one after the other.
-- rows: one
select t.id, t.schema_name, coalesce(t.former_schema_name, t.schema_name) as name, t.former_state, t.state, t.role,
       t.heads::text as heads
  from public.tenants_tenant t
 where {tenant_meant}
   for update
