-- rows: one into run
select r.id, r.state, r.is_shared as shared, r.app,
       case r.target when -1 then '' when 0 then 'zero' else lpad(r.target::text, 4, '0') end as target,
       r.mode, c.total, c.done, c.failed, c.pending, c.skipped, r.failures_max, r.caller, r.create_time,
       r.end_time, (c.finished * 60 / e.seconds)::bigint as items_per_minute,
       case when r.state = 'running' and c.finished > 0 then ceil(c.pending * e.seconds / c.finished)
            else 0 end::bigint as remaining_seconds
  from public.migration_run r
 cross join lateral (
       select count(*) as total, count(*) filter (where state = 'done') as done,
              count(*) filter (where state = 'failed') as failed,
              count(*) filter (where state = 'pending') as pending,
              count(*) filter (where state = 'skipped') as skipped,
              count(*) filter (where state <> 'pending' and update_time >= r.start_time) as finished
         from public.migration_item i
        where i.run_id = r.id) c
 cross join lateral (
       select greatest(extract(epoch from coalesce(r.end_time, now()) - r.start_time), 0.001) as seconds) e
 where r.id = :arg.id
