-- The tenants in the order of their numbers.
-- rows: many into tenants
select {tenant_columns}, t.id::text as page_key,
       case when t.page_row = :page.scan then {tenant_filter} end as page_last
  from (select t.*, row_number() over (order by t.id) as page_row
          from (select t.*
                  from public.tenants_tenant t
                 where t.id > coalesce(:page.key::bigint, 0)
                 order by t.id
                 limit :page.scan) t) t
 where t.page_row = :page.scan or ({tenant_filter})
 order by t.id
 limit :page.limit
