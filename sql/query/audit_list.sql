-- The audit of the tenant, or of the platform, newest first.
-- rows: many into events
select a.id, a.time, a.caller_kind, a.caller_id, a.caller_email, a.origin, a.method, a.target,
       (:arg.codes::text[])[a.code + 1] as code, a.request_id, a.count, a.id::text as page_key
  from core_audit a
 where a.id < coalesce(:page.key::bigint, 9223372036854775807)
   and (:start_time::timestamptz is null or a.time >= :start_time)
   and (:end_time::timestamptz is null or a.time < :end_time)
   and (:method = '' or a.method = :method or right(a.method, length(:method) + 1) in ('/' || :method, '.' || :method))
   and (:caller_kind = '' or a.caller_kind = :caller_kind)
   and (:caller_id = 0 or a.caller_id = :caller_id)
   and (:caller_email = '' or lower(a.caller_email) = lower(:caller_email))
   and (:target = '' or a.target = :target or starts_with(a.target, :target || ' '))
   and (:code = '' or a.code = array_position(:arg.codes, :code) - 1)
   and (:request_id = '' or a.request_id = :request_id)
 order by a.id desc
 limit :page.limit
