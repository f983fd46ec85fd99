-- Whether the superuser u holds the right p of a role.
p.platform_role = u.platform_role
and (u.can_create_tenants or (p.app, p.codename) <> ('tenants', 'add_tenant'))
