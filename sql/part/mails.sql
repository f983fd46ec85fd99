-- The mails of a tenant, m, with their states.
(select o.*, case when o.sent_time is not null then 'sent' when o.next_time is null then 'failed'
                  else 'waiting' end as state
   from core_outbox o) m
