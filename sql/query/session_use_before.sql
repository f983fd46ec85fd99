-- The same where app users is older than 0005 and keeps no time of the last use.
-- rows: none
update core_session s
   set expire_time = {session_expire_time}
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where s.id = u.id
