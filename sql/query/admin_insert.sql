-- The admin of a new tenant, in the group that holds every permission of the tenant.
-- rows: none
with admin as (
    insert into users_customuser (email, password, first_name, last_name, is_admin, job_title)
    values (:admin_email, :arg.password, 'Admin', 'User', true, 'Administrator')
    returning id
), admins as (
    insert into auth_group (name) values ('Tenant Admins') returning id
), held as (
    insert into auth_group_permissions (group_id, permission_id)
    select admins.id, p.id from admins cross join auth_permission p
)
insert into users_customuser_groups (user_id, group_id)
select admin.id, admins.id from admin cross join admins
