-- The live sessions of a user.  A schema whose app users is older than 0005 has no last_use_time.
-- rows: many into sessions
select s.id, s.user_id, s.origin, s.create_time,
       coalesce((to_jsonb(s) ->> 'last_use_time')::timestamptz, s.create_time) as last_use_time,
       s.expire_time, s.id = :caller.session_id as is_current, s.id::text as page_key
  from core_session s
 where s.user_id = :arg.user_id::bigint and s.expire_time > now()
   and (:page.key::bigint is null or s.id < :page.key::bigint)
 order by s.id desc
 limit :page.limit
