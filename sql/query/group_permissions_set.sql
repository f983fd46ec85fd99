-- rows: none
-- changes: tenant
with wanted as (
    select id from auth_permission where app || '.' || codename = any(:group.permissions::text[])
), lost as (
    delete from auth_group_permissions
     where group_id = :id and permission_id not in (select id from wanted)
)
insert into auth_group_permissions (group_id, permission_id)
select :id, id from wanted
    on conflict do nothing
