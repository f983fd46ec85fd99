-- rows: one
select exists (select from public.migration_run where id = :arg.id::bigint and state = 'running') as is_wanted
