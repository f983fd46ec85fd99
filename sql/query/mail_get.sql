-- rows: one into mail
select m.id, m.template as template_name, m.recipient,
       case when m.sent_time is not null then 'sent' when m.next_time is null then 'failed' else 'waiting' end as state,
       m.attempts, m.last_error, m.create_time, m.next_time, m.sent_time
  from core_outbox m
 where m.id = :id
