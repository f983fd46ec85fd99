-- Who acts inside a tenant holds what an admin of it holds: every permission that there is.
-- rows: one
select string_agg(app || '.' || codename, E'\n' order by (app || '.' || codename) collate "C") as permissions
  from auth_permission
