-- The audit of the tenant, or of the platform, newest first.
-- rows: many into events
select a.id, a.time, a.caller_kind, a.caller_id, a.caller_email, a.origin, a.method, a.target,
       (:arg.codes::text[])[a.code + 1] as code, a.request_id, a.count, a.id::text as page_key,
       case when a.page_row = :page.scan then {audit_filter} end as page_last
  from (select a.*, row_number() over (order by a.id desc) as page_row
          from (select a.*
                  from core_audit a
                 where a.id < coalesce(:page.key::bigint, 9223372036854775807)
                 order by a.id desc
                 limit :page.scan) a) a
 where a.page_row = :page.scan or ({audit_filter})
 order by a.id desc
 limit :page.limit
