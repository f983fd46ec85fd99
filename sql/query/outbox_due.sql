-- Seconds until this schema's next mail is due; no row: there is none.
-- rows: one
select greatest(0, ceil(extract(epoch from min(next_time) - now())))::bigint as seconds
  from core_outbox
 where next_time is not null
having min(next_time) is not null
