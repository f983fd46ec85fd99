-- What the local operator may do: all that a platform owner may.
-- rows: one
select string_agg(app || '.' || codename, E'\n' order by (app || '.' || codename) collate "C") as permissions
  from public.platform_role_permission
 where platform_role = 'owner'
