-- The first of the user's groups that does not exist, or the first permission of these groups that the
-- caller does not hold.
-- rows: one
select (select min(asked.name)
          from unnest(:user.groups::text[]) asked (name)
         where not exists (select from auth_group g where {is_named})) as unknown,
       (select min(p.app || '.' || p.codename)
          from auth_group g
          join auth_group_permissions h on h.group_id = g.id
          join auth_permission p on p.id = h.permission_id
         where exists (select from unnest(:user.groups::text[]) asked (name) where {is_named})
           and p.app || '.' || p.codename <> all(:arg.held::text[])) as beyond
