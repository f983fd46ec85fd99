-- rows: one into domain
select d.domain, d.tenant_id, t.schema_name, d.is_primary, d.create_time, t.state
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.domain = :arg.host and t.state in ('active', 'suspended')
