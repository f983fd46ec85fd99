-- All sessions of a superuser, except the one named.
-- rows: none
-- changes: tenant
delete from public.platform_session where user_id = :arg.user_id::bigint and id <> :arg.keep_id::bigint
