-- After a lost connection another worker may have taken the item meanwhile: this one then skips it without waiting,
-- since the other's result is newer.
-- rows: none
update public.migration_item
   set state = :arg.state, attempts = attempts + 1, update_time = now(),
       retry_time = now() + :arg.delay_ms::integer * interval '1 millisecond',
       duration_ms = duration_ms + :arg.duration_ms::bigint, sqlstate = :arg.sqlstate, error = :arg.error,
       file = :arg.file, line = :arg.line::integer, statement = :arg.statement
 where (run_id, tenant_id) = (select run_id, tenant_id from public.migration_item
                               where run_id = :arg.run_id::bigint and tenant_id = :arg.tenant_id::bigint
                                 and state = 'pending'
                                 for update skip locked)
