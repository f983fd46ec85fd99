-- rows: none
update core_idempotency set reply = :arg.reply where key = :arg.key
