-- The sessions of a user who may not sign in any more.
-- rows: none
-- changes: tenant
delete from core_session
 where user_id = :id and exists (select from users_customuser where id = :id and not is_active)
