-- Counts one more failed tenant; at failures_max the run ends.
-- rows: none
update public.migration_run
   set failures = failures + 1,
       state = case when failures_max > 0 and failures + 1 >= failures_max then 'failed' else state end,
       end_time = case when failures_max > 0 and failures + 1 >= failures_max then now() else end_time end
 where id = :arg.id::bigint and state = 'running'
