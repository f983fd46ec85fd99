-- rows: none
-- changes: tenant
delete from users_customuser_groups where user_id = :user_id and group_id = :group_id
