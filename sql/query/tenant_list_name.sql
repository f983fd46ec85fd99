-- The tenants in the order of their names; the key is the number, in 19 digits, and the name.
-- rows: many into tenants
select {tenant_columns}, lpad(t.id::text, 19, '0') || t.name as page_key,
       case when t.page_row = :page.scan then {tenant_filter} end as page_last
  from (select t.*, row_number() over (order by t.name, t.id) as page_row
          from (select t.*
                  from public.tenants_tenant t
                 where (t.name, t.id) > (coalesce(substr(:page.key, 20), ''), coalesce(left(:page.key, 19)::bigint, 0))
                 order by t.name, t.id
                 limit :page.scan) t) t
 where t.page_row = :page.scan or ({tenant_filter})
 order by t.name, t.id
 limit :page.limit
