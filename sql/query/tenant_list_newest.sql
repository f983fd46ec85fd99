-- The newest tenants first.
-- rows: many into tenants
select {tenant_columns}, t.id::text as page_key,
       case when t.page_row = :page.scan then {tenant_filter} end as page_last
  from (select t.*, row_number() over (order by t.id desc) as page_row
          from (select t.*
                  from public.tenants_tenant t
                 where t.id < coalesce(:page.key::bigint, 9223372036854775807)
                 order by t.id desc
                 limit :page.scan) t) t
 where t.page_row = :page.scan or ({tenant_filter})
 order by t.id desc
 limit :page.limit
