-- rows: one
select t.id, t.schema_name, t.role, t.state, t.heads::text as heads
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.domain = :arg.domain
