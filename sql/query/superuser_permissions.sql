-- What there is on the platform, and whether an active superuser holds it: their role, or nothing.
-- rows: many into permissions
select h.permission, false as by_admin, false as direct, h.groups, h.permission as page_key
  from (select p.app || '.' || p.codename as permission,
               array(select u.platform_role
                       from public.platform_role_permission r
                      where r.platform_role = u.platform_role and (r.app, r.codename) = (p.app, p.codename)
                        and (u.can_create_tenants or (p.app, p.codename) <> ('tenants', 'add_tenant'))) as groups
          from public.platform_superuser u cross join public.platform_permission p
         where u.id = :user_id and u.is_active) h
 where h.permission collate "C" > coalesce(:page.key, '')
 order by h.permission collate "C"
 limit :page.limit
