-- The same as session_use, for the platform.
-- rows: none
update public.platform_session s
   set last_use_time = greatest(s.last_use_time, now() - interval '1 ms' * u.age_ms),
       expire_time = {session_expire_time}
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where s.id = u.id
