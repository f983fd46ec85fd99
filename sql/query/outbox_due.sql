-- Seconds until this schema's next mail is due; no row: there is none.
-- rows: one
select case when {mail_is_due} then 0
            else greatest(0, ceil(extract(epoch from m.next_time - now()))) end::bigint as seconds
  from core_outbox m
 where m.next_time is not null
 order by m.next_time
 limit 1
