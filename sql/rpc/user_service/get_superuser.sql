-- rows: one into superuser
select id, email, can_create_tenants, platform_role, is_active, create_time, last_login
  from public.platform_superuser
 where id = :id
