-- rows: many into domains
select d.domain, d.tenant_id, t.schema_name, d.is_primary, d.kind, d.create_time, d.domain as page_key
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where (:schema_name = '' or t.schema_name = :schema_name)
   and (:kind = '' or d.kind = :kind)
   and d.domain > coalesce(:page.key, '')
   and t.state not in ('deleted', 'purging')
 order by d.domain
 limit :page.limit
