-- Newest first.
-- rows: many into runs
select r.id, r.state, r.is_shared as shared, r.app,
       case r.target when -1 then '' when 0 then 'zero' else lpad(r.target::text, 4, '0') end as target,
       r.mode, c.total, c.done, c.failed, c.pending, c.skipped, r.failures_max, r.caller, r.create_time,
       r.end_time, r.id::text as page_key
  from public.migration_run r
 cross join lateral (
       select count(*) as total, count(*) filter (where state = 'done') as done,
              count(*) filter (where state = 'failed') as failed,
              count(*) filter (where state = 'pending') as pending,
              count(*) filter (where state = 'skipped') as skipped
         from public.migration_item i
        where i.run_id = r.id) c
 where r.id < coalesce(:page.key::bigint, 9223372036854775807)
 order by r.id desc
 limit :page.limit
