-- rows: many into demo_requests
select {demo_columns}, d.id::text as page_key,
       case when d.page_row = :page.scan then {demo_filter} end as page_last
  from (select d.*, row_number() over (order by d.id desc) as page_row
          from (select d.*
                  from public.demo_demorequest d
                 where d.id < coalesce(:page.key::bigint, 9223372036854775807)
                 order by d.id desc
                 limit :page.scan) d) d
 where d.page_row = :page.scan or ({demo_filter})
 order by d.id desc
 limit :page.limit
