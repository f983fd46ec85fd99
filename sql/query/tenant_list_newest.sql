-- The newest tenants first.
-- rows: many into tenants
select {tenant_columns}, t.id::text as page_key
  from public.tenants_tenant t
 where t.id < coalesce(:page.key::bigint, 9223372036854775807)
   and {tenant_filter}
 order by t.id desc
 limit :page.limit
