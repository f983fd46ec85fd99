-- With admins, the group of a new tenant that holds every permission of it.
admins as (
    insert into auth_group (name) values ('Tenant Admins') returning id
), held as (
    insert into auth_group_permissions (group_id, permission_id)
    select admins.id, p.id from admins cross join auth_permission p
)
