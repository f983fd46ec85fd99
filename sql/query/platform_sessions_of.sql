-- The live sessions of a superuser.
-- rows: many into sessions
select s.id, s.user_id, s.origin, s.create_time, coalesce(s.last_use_time, s.create_time) as last_use_time,
       s.expire_time, s.id = :caller.session_id and :caller.kind = 'superuser' as is_current, s.id::text as page_key,
       case when s.page_row = :page.scan then s.expire_time > now() end as page_last
  from (select s.*, row_number() over (order by s.id desc) as page_row
          from (select s.*
                  from public.platform_session s
                 where s.user_id = :arg.user_id::bigint
                   and s.id < coalesce(:page.key::bigint, 9223372036854775807)
                 order by s.id desc
                 limit :page.scan) s) s
 where s.page_row = :page.scan or s.expire_time > now()
 order by s.id desc
 limit :page.limit
