-- What must be known before a user is changed: what they are, whether the tenant has another active admin,
-- and the first permission that they hold and the caller does not.
-- rows: one
select u.is_admin, u.is_active,
       exists (select from users_customuser o where o.is_admin and o.is_active and o.id <> u.id)
           as has_other_admins,
       (select min(p.app || '.' || p.codename)
          from auth_permission p
         where p.app || '.' || p.codename <> all(:arg.held::text[])
           and ({user_holds})) as beyond
  from users_customuser u
 where u.id = :arg.user_id::bigint
