-- The same as session_use, for the platform.
-- rows: none
update public.platform_session s
   set last_use_time = greatest(s.last_use_time, now() - interval '1 ms' * u.age_ms),
       expire_time = greatest(s.expire_time,
                              least(s.create_time + make_interval(hours => :arg.hours::integer),
                                    now() - interval '1 ms' * u.age_ms
                                        + interval '1 s' * :arg.idle_s::bigint))
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where s.id = u.id
