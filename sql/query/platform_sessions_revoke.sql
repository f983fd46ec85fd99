-- All sessions of a superuser, except the one named; those inside tenants too.
-- rows: none
-- changes: tenant
with acts as (
    delete from public.platform_act_session where superuser_id = :arg.user_id::bigint
)
delete from public.platform_session where user_id = :arg.user_id::bigint and id <> :arg.keep_id::bigint
