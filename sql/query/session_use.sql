-- The last uses of sessions, which each move the end of theirs: never back, and never past the longest life.
-- rows: none
update core_session s
   set last_use_time = greatest(s.last_use_time, now() - interval '1 ms' * u.age_ms),
       expire_time = {session_expire_time}
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where s.id = u.id
