-- Its items go with it.
-- rows: none
delete from public.migration_run where id = :arg.id
