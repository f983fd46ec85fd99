-- A group g with all that its message has.
g.id, g.name,
array(select p.app || '.' || p.codename
        from auth_group_permissions h join auth_permission p on p.id = h.permission_id
       where h.group_id = g.id order by 1) as permissions
