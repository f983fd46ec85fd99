-- The first of the group's permissions that this tenant does not have.
-- rows: one
select asked.name
  from unnest(:group.permissions::text[]) asked (name)
 where not exists (select from auth_permission p where p.app || '.' || p.codename = asked.name)
 limit 1
