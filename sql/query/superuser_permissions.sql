-- What there is on the platform, and whether an active superuser holds it: their role, or nothing.
-- rows: many into permissions
select h.permission, false as by_admin, false as direct, h.groups, h.permission as page_key
  from (select k.app || '.' || k.codename as permission,
               array(select u.platform_role
                       from public.platform_role_permission p
                      where {superuser_holds} and (p.app, p.codename) = (k.app, k.codename)) as groups
          from public.platform_superuser u cross join public.platform_permission k
         where u.id = :user_id and u.is_active) h
 where h.permission collate "C" > coalesce(:page.key, '')
 order by h.permission collate "C"
 limit :page.limit
