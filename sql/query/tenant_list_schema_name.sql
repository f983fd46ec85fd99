-- The tenants in the order of their schema names; the key is "name/number".
-- rows: many into tenants
select {tenant_columns}, coalesce(t.former_schema_name, t.schema_name) || '/' || t.id as page_key
  from public.tenants_tenant t
 where (:page.key::text is null
        or (coalesce(t.former_schema_name, t.schema_name), t.id)
           > (split_part(:page.key, '/', 1), split_part(:page.key, '/', 2)::bigint))
   and {tenant_filter}
 order by coalesce(t.former_schema_name, t.schema_name), t.id
 limit :page.limit
