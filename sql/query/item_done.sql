-- rows: none
update public.migration_item
   set state = :arg.state, steps = steps + :arg.steps::integer, duration_ms = duration_ms + :arg.duration_ms::bigint,
       update_time = now(), retry_time = now(), error = :arg.error, sqlstate = '', file = '', line = 0, statement = '',
       attempts = attempts + 1
 where run_id = :arg.run_id::bigint and tenant_id = :arg.tenant_id::bigint
