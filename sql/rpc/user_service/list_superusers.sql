-- rows: many into superusers
select id, email, can_create_tenants, platform_role, is_active, create_time, last_login, id::text as page_key
  from public.platform_superuser
 where id > coalesce(:page.key::bigint, 0)
 order by id
 limit :page.limit
