-- What must be known before a superuser is changed; the fifth column is the first permission that they hold
-- and the caller does not.
-- rows: one
select u.platform_role, u.can_create_tenants, u.is_active,
       exists (select from public.platform_superuser o
                where o.platform_role = 'owner' and o.is_active and o.id <> u.id) as has_other_owners,
       (select min(p.app || '.' || p.codename)
          from public.platform_role_permission p
         where {superuser_holds}
           and p.app || '.' || p.codename <> all(:arg.held::text[])) as beyond
  from public.platform_superuser u
 where u.id = :arg.superuser_id::bigint
