-- The admin of a new tenant, in the group that holds every permission of the tenant.
-- rows: none
with admin as (
    insert into users_customuser (email, password, first_name, last_name, is_admin, job_title)
    values (:admin_email, :arg.password, 'Admin', 'User', true, 'Administrator')
    returning id
), {tenant_admins}
insert into users_customuser_groups (user_id, group_id)
select admin.id, admins.id from admin cross join admins
