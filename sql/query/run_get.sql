-- rows: one into run
select {run_columns}, (c.finished * 60 / e.seconds)::bigint as items_per_minute,
       case when r.state = 'running' and c.finished > 0 then ceil(c.pending * e.seconds / c.finished)
            else 0 end::bigint as remaining_seconds
  from public.migration_run r
 cross join lateral (
       select {run_counts},
              count(*) filter (where state <> 'pending' and update_time >= r.start_time) as finished
         from public.migration_item i
        where i.run_id = r.id) c
 cross join lateral (
       select greatest(extract(epoch from coalesce(r.end_time, now()) - r.start_time), 0.001) as seconds) e
 where r.id = :arg.id
