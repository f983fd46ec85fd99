-- rows: none
-- changes: tenant
delete from core_session where id = :id and user_id = :arg.user_id::bigint and expire_time > now()
