-- rows: none
-- changes: tenant
delete from users_customuser_user_permissions
 where user_id = :user_id
   and permission_id = (select id from auth_permission where app || '.' || codename = :permission)
