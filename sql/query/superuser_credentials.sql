-- rows: one
select email, password from public.platform_superuser where id = :caller.id and is_active
