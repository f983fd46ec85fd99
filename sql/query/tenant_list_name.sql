-- The tenants in the order of their names; the key is the number, in 19 digits, and the name.
-- rows: many into tenants
select {tenant_columns}, lpad(t.id::text, 19, '0') || t.name as page_key
  from public.tenants_tenant t
 where (:page.key::text is null
        or (t.name, t.id) > (substr(:page.key, 20), left(:page.key, 19)::bigint))
   and {tenant_filter}
 order by t.name, t.id
 limit :page.limit
