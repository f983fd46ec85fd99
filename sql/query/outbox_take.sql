-- The next mail of this schema that is due, kept from others for the time that :arg.wait seconds say: if this
-- server dies, it is tried again then.  Twice as long after each attempt, a day at most.
-- rows: one
update core_outbox
   set attempts = attempts + 1, next_time = now() + least(interval '1 day', interval '1 s' * :arg.wait::integer
                                                          * power(2, least(attempts, 20)))
 where id = (select id from core_outbox where next_time <= now() order by next_time limit 1
                for update skip locked)
returning id, template, recipient, user_id, create_time,
          coalesce(parameters ->> 'company_name', '') as company_name,
          coalesce(parameters ->> 'first_name', '') as first_name, coalesce(parameters ->> 'domain', '') as domain
