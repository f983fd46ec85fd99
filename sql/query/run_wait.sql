-- How long to wait before looking again: until the first item that is to be retried, and at most a second while
-- other servers work on runs.
-- rows: one
select count(*) as running,
       coalesce(least(1000, greatest(1, min(extract(epoch from i.retry_time - now())) * 1000)), 1000)::bigint
           as wait_ms
  from public.migration_run r
  left join lateral (select min(retry_time) as retry_time
                       from public.migration_item i
                      where i.run_id = r.id and i.state = 'pending' and not {item_is_due}) i on true
 where r.state = 'running'
