-- A live session inside a tenant, of the local operator or of a superuser who is active and still has the right.
-- rows: one
select a.id as session_id, coalesce(u.id, 0) as superuser_id, coalesce(u.email, '') as email
  from public.platform_act_session a
  left join public.platform_superuser u on u.id = a.superuser_id
 where a.secret_hash = :arg.hash and a.tenant_id = :arg.tenant_id and a.expire_time > now()
   and (a.superuser_id is null or ({may_act}))
