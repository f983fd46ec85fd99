-- The first of these permissions that the platform does not have.
-- rows: one
select asked.name
  from unnest(:arg.permissions::text[]) asked (name)
 where not exists (select from public.platform_permission p where p.app || '.' || p.codename = asked.name)
 limit 1
