-- The same where app users is older than 0005 and keeps no time of the last use.
-- rows: none
update core_session s
   set expire_time = greatest(s.expire_time,
                              least(s.create_time + make_interval(hours => :arg.hours::integer),
                                    now() - interval '1 ms' * u.age_ms
                                        + interval '1 s' * :arg.idle_s::bigint))
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where s.id = u.id
