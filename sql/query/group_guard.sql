-- What must be known before a group is changed: whether it is the one that was made with the tenant, and the
-- first permission that it gives and the caller does not hold.
-- rows: one
select g.name = 'Tenant Admins' as is_tenant_admins,
       (select min(p.app || '.' || p.codename)
          from auth_group_permissions h
          join auth_permission p on p.id = h.permission_id
         where h.group_id = g.id
           and p.app || '.' || p.codename <> all(:arg.held::text[])) as beyond
  from auth_group g
 where g.id = :arg.group_id::bigint
