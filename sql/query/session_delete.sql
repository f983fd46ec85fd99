-- rows: none
-- changes: tenant
delete from core_session where id = :caller.session_id
