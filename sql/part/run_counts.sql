-- The items of a run, counted.
count(*) as total, count(*) filter (where state = 'done') as done,
count(*) filter (where state = 'failed') as failed,
count(*) filter (where state = 'pending') as pending,
count(*) filter (where state = 'skipped') as skipped
