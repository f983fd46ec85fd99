-- The end of the session s after a use u of it: never back, and never past the longest life.
greatest(s.expire_time,
         least(s.create_time + make_interval(hours => :arg.hours::integer),
               now() - interval '1 ms' * u.age_ms
                   + interval '1 s' * :arg.idle_s::bigint))
