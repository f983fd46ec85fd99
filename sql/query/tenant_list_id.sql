-- The tenants in the order of their numbers.
-- rows: many into tenants
select {tenant_columns}, t.id::text as page_key
  from public.tenants_tenant t
 where t.id > coalesce(:page.key::bigint, 0)
   and {tenant_filter}
 order by t.id
 limit :page.limit
