-- Mails that are not sent, one or all of them (0), are due now.
-- rows: none
update core_outbox set next_time = now()
 where sent_time is null and (:arg.id::bigint = 0 or id = :arg.id::bigint)
