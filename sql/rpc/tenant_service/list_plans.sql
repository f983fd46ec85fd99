-- rows: many into plans
select plan, max_users, max_api_keys, max_requests_per_second, max_statement_ms, plan as page_key
  from public.tenants_plan
 where plan > coalesce(:page.key, '')
 order by plan
 limit :page.limit
