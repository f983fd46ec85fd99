-- rows: many into domains
select {domain_columns}, d.domain || ' ' || d.tenant_id as page_key
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where (:schema_name = '' or t.schema_name = :schema_name)
   and (:kind = '' or d.kind = :kind)
   and (:state = '' or d.state = :state)
   and (:page.key::text is null
        or (d.domain, d.tenant_id) > (split_part(:page.key, ' ', 1), split_part(:page.key, ' ', 2)::bigint))
   and t.state not in ('deleted', 'purging')
 order by d.domain, d.tenant_id
 limit :page.limit
