-- rows: none
-- changes: tenant
insert into users_customuser_user_permissions (user_id, permission_id)
select :user_id, id from auth_permission where app || '.' || codename = :permission
    on conflict do nothing
