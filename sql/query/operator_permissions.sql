-- What the local operator may do: all that a platform owner may.
-- rows: one
select {permission_lines} as permissions
  from public.platform_role_permission p
 where p.platform_role = 'owner'
