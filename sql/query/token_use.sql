-- Sets the password by a link's token, which must still be good, and ends every link and session of the user.
-- rows: one
-- changes: tenant
with used as (
    delete from users_token where secret_hash = :arg.hash::bytea and expire_time > now() returning user_id
), others as (
    delete from users_token where user_id in (select user_id from used) and secret_hash <> :arg.hash::bytea
), ended as (
    delete from core_session where user_id in (select user_id from used)
)
update users_customuser
   set password = :arg.password
 where id = (select user_id from used) and is_active
returning id, password, true as is_active
