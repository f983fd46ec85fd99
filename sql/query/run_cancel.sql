-- rows: none
update public.migration_run set state = 'canceled', end_time = now()
 where id = :id and state = 'running'
