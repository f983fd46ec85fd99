-- A repeated key older than a day is a new call; at most so many rows at a time.
-- rows: none
delete from core_idempotency
 where key in (select key from core_idempotency
                where create_time < now() - interval '24 hours' order by create_time limit 10000)
