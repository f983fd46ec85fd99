-- The tenants in the order of their schema names; the key is "name/number".
-- rows: many into tenants
select {tenant_columns}, coalesce(t.former_schema_name, t.schema_name) || '/' || t.id as page_key,
       case when t.page_row = :page.scan then {tenant_filter} end as page_last
  from (select t.*, row_number() over (order by coalesce(t.former_schema_name, t.schema_name), t.id) as page_row
          from (select t.*
                  from public.tenants_tenant t
                 where (coalesce(t.former_schema_name, t.schema_name), t.id)
                       > (coalesce(split_part(:page.key, '/', 1), ''), coalesce(split_part(:page.key, '/', 2)::bigint, 0))
                 order by coalesce(t.former_schema_name, t.schema_name), t.id
                 limit :page.scan) t) t
 where t.page_row = :page.scan or ({tenant_filter})
 order by coalesce(t.former_schema_name, t.schema_name), t.id
 limit :page.limit
