-- All sessions of a user, except the one named.
-- rows: none
-- changes: tenant
delete from core_session where user_id = :arg.user_id::bigint and id <> :arg.keep_id::bigint
