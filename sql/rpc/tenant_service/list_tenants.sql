-- rows: many into tenants
select t.id, t.name, t.schema_name, t.contact_email, t.contact_phone, t.industry, t.company_size, t.plan,
       t.state, d.domain, t.create_time, t.id::text as page_key
  from public.tenants_tenant t
  left join public.tenants_domain d on d.tenant_id = t.id and d.is_primary
 where t.id > coalesce(:page.key::bigint, 0)
 order by t.id
 limit :page.limit
