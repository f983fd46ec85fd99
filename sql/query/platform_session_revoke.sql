-- rows: none
-- changes: tenant
delete from public.platform_session where id = :id and user_id = :arg.user_id::bigint and expire_time > now()
