-- The same as token_use, for a superuser, whose sessions inside tenants end too.
-- rows: one
-- changes: tenant
with used as (
    delete from public.platform_token
     where secret_hash = :arg.hash::bytea and expire_time > now() returning user_id
), others as (
    delete from public.platform_token
     where user_id in (select user_id from used) and secret_hash <> :arg.hash::bytea
), acts as (
    delete from public.platform_act_session where superuser_id in (select user_id from used)
), ended as (
    delete from public.platform_session where user_id in (select user_id from used)
)
update public.platform_superuser
   set password = :arg.password
 where id = (select user_id from used) and is_active
returning id, password, true as is_active
