-- The failed items of a run are pending again.
-- rows: none
update public.migration_item
   set state = 'pending', attempts = 0, retry_time = now(), sqlstate = '', error = '', file = '', line = 0,
       statement = ''
 where run_id = :id and state = 'failed'
