-- The caller's password, which must still be the one that was found right; every other session and every link ends.
-- rows: one
-- changes: tenant
with changed as (
    update users_customuser set password = :arg.password
     where id = :caller.id and is_active and password = :arg.verified
    returning id
), links as (
    delete from users_token where user_id in (select id from changed)
), ended as (
    delete from core_session where user_id in (select id from changed) and id <> :caller.session_id
)
select id from changed
