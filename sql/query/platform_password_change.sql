-- The same for a superuser, and every session inside a tenant.
-- rows: one
-- changes: tenant
with changed as (
    update public.platform_superuser set password = :arg.password
     where id = :caller.id and is_active and password = :arg.verified
    returning id
), links as (
    delete from public.platform_token where user_id in (select id from changed)
), acts as (
    delete from public.platform_act_session where superuser_id in (select id from changed)
), ended as (
    delete from public.platform_session where user_id in (select id from changed) and id <> :caller.session_id
)
select id from changed
