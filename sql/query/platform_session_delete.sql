-- rows: none
-- changes: tenant
delete from public.platform_session where id = :caller.session_id
