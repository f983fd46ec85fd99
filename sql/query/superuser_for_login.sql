-- rows: one
select id, password, is_active from public.platform_superuser where lower(email) = lower(:email)
