-- rows: none
update public.migration_run
   set state = 'running', start_time = now(), end_time = null, failures = 0
 where id = :id and state in ('failed', 'canceled')
