-- rows: none
update core_outbox set sent_time = now(), next_time = null, last_error = '' where id = :arg.id::bigint
