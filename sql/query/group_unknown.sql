-- The first of the user's groups that does not exist.
-- rows: one
select asked.name
  from unnest(:user.groups::text[]) asked (name)
 where not exists (select from auth_group g where g.name = asked.name)
 limit 1
