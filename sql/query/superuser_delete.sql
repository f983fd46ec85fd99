-- rows: none
-- changes: cached
delete from public.platform_superuser where id = :id
