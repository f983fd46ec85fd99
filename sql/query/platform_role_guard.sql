-- The first permission that a role holds and the caller does not, and the caller's own role.
-- rows: one
select (select min(p.app || '.' || p.codename)
          from public.platform_role_permission p
         where p.platform_role = :arg.platform_role
           and (:arg.can_create_tenants::boolean or (p.app, p.codename) <> ('tenants', 'add_tenant'))
           and p.app || '.' || p.codename <> all(:arg.held::text[])) as beyond,
       (select c.platform_role
          from public.platform_superuser c
         where c.id = :caller.id) as caller_role
