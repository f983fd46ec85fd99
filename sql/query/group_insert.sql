-- rows: one into group
-- changes: tenant
with created as (
    insert into auth_group (name) values (:group.name) returning id, name
), held as (
    insert into auth_group_permissions (group_id, permission_id)
    select created.id, p.id
      from created
      join auth_permission p on p.app || '.' || p.codename = any(:group.permissions::text[])
)
select id, name,
       array(select distinct name from unnest(:group.permissions::text[]) name order by name) as permissions
  from created
