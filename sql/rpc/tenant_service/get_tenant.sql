-- rows: one into tenant
select t.id, t.name, t.schema_name, t.contact_email, t.contact_phone, t.industry, t.company_size, t.plan,
       t.state, d.domain, t.create_time
  from public.tenants_tenant t
  left join public.tenants_domain d on d.tenant_id = t.id and d.is_primary
 where t.id = :id or (:id = 0 and t.schema_name = :schema_name)
