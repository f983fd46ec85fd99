-- rows: none
update public.migration_run r
   set state = case when exists (select from public.migration_item i
                                  where i.run_id = r.id and i.state = 'failed') then 'failed' else 'done' end,
       end_time = now()
 where r.id = :arg.id::bigint and r.state = 'running'
   and not exists (select from public.migration_item i where i.run_id = r.id and i.state = 'pending')
