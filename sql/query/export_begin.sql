-- How rows are written, from the start of each table with one process, so that the same rows come in the same order; and
-- the time of the snapshot.
-- rows: one
select {rows_settings}, set_config('synchronize_seqscans', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true), now() as time
