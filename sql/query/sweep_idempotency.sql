-- Deletes idempotency keys older than a day, a limited number at a time: with the same key a call is then a new one.
-- rows: none
delete from core_idempotency
 where key in (select key from core_idempotency
                where create_time < now() - interval '24 hours' order by create_time limit :arg.count::integer)
