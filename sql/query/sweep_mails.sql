-- Mails that were sent or given up are kept for 90 days, for those who ask what became of one.
-- rows: none
delete from core_outbox
 where id in (select id from core_outbox
               where next_time is null and create_time < now() - interval '90 days' order by id limit :arg.count::integer)
