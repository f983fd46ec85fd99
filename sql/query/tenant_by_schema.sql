-- rows: one
select id, schema_name, role, state, heads::text as heads
  from public.tenants_tenant
 where schema_name = :arg.schema
