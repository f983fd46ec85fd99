-- Whether the superuser u may act inside tenants.
u.is_active
and exists (select from public.platform_role_permission p
             where p.platform_role = u.platform_role and (p.app, p.codename) = ('tenants', 'act_as'))
