-- A migration run r as a list of runs shows it; its items are counted in {run_counts}.
r.id, r.state, r.is_shared as shared, r.app,
case r.target when -1 then '' when 0 then 'zero' else lpad(r.target::text, 4, '0') end as target,
r.mode, c.total, c.done, c.failed, c.pending, c.skipped, r.failures_max, r.caller, r.create_time,
r.end_time
