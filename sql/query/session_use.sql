-- The last uses of sessions, which each move the end of theirs: never back, and never past the longest life.
-- rows: none
update core_session s
   set last_use_time = greatest(s.last_use_time, now() - interval '1 ms' * u.age_ms),
       expire_time = greatest(s.expire_time,
                              least(s.create_time + make_interval(hours => :arg.hours::integer),
                                    now() - interval '1 ms' * u.age_ms
                                        + interval '1 s' * :arg.idle_s::bigint))
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where s.id = u.id
