-- rows: many into demo_requests
select {demo_columns}, d.id::text as page_key
  from public.demo_demorequest d
 where d.id < coalesce(:page.key::bigint, 9223372036854775807)
   and (:state = '' or d.state = :state)
   and (:search = ''
        or strpos(lower(d.company_name || ' ' || d.first_name || ' ' || d.last_name || ' ' || d.email),
                  lower(:search)) > 0)
 order by d.id desc
 limit :page.limit
