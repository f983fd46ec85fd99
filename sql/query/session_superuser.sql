-- A live session of an active superuser, with all that their role may do.
-- rows: one
select s.id as session_id, u.id as user_id, u.email, false as is_admin,
       (extract(epoch from s.expire_time - now()) * 1000000)::bigint as left_us,
       (select {permission_lines}
          from public.platform_role_permission p
         where {superuser_holds}) as permissions
  from public.platform_session s
  join public.platform_superuser u on u.id = s.user_id
 where s.secret_hash = :arg.hash and s.expire_time > now() and u.is_active
