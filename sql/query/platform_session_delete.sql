-- rows: none
-- changes: cached
delete from public.platform_session where id = :caller.session_id
