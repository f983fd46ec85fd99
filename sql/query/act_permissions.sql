-- Who acts inside a tenant holds what an admin of it holds: every permission that there is.
-- rows: one
select {permission_lines} as permissions
  from auth_permission p
