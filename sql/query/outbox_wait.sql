-- A mail that is due and may not be sent yet is due later.
-- rows: none
update core_outbox
   set next_time = now() + interval '1 ms' * :arg.wait_ms::bigint, last_error = :arg.error
 where id = :arg.id::bigint and sent_time is null
