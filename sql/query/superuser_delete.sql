-- rows: none
-- changes: tenant
delete from public.platform_superuser where id = :id
