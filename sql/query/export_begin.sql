-- Settings that make every PostgreSQL write rows as the same text, and read tables from the start with one process, so
-- that the same rows come in the same order; and the time of the snapshot.
-- rows: one
select set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
       set_config('timezone', 'UTC', true), set_config('extra_float_digits', '1', true),
       set_config('bytea_output', 'hex', true), set_config('synchronize_seqscans', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true), now() as time
