-- rows: many into mails
select m.id, m.template as template_name, m.recipient, m.state, m.attempts, m.last_error, m.create_time, m.next_time,
       m.sent_time, m.id::text as page_key
  from (select o.*, case when o.sent_time is not null then 'sent' when o.next_time is null then 'failed'
                         else 'waiting' end as state
          from core_outbox o) m
 where m.id < coalesce(:page.key::bigint, 9223372036854775807)
   and (:state = '' or m.state = :state)
 order by m.id desc
 limit :page.limit
