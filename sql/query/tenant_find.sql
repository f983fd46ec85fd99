-- Which tenant a request means: by number, or by the schema name that it has or had.
-- rows: one
select t.id
  from public.tenants_tenant t
 where {tenant_meant}
