-- rows: none
-- changes: cached
delete from public.platform_session where id = :id
