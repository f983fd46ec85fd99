-- rows: one
select request_hash, reply from core_idempotency where key = :arg.key
