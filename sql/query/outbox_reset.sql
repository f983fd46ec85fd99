-- No further mail if the account has the link already: a mail is about to be sent, or as many as are allowed were
-- written in an hour, and a link works.  So whoever asks in somebody's name takes nothing from them.
-- rows: none
insert into core_outbox (template, recipient, user_id)
select 'reset', u.email, u.id
  from users_customuser u
 where u.id = :arg.user_id::bigint and u.is_active
   and not exists (select from core_outbox o
                    where o.next_time is not null and o.attempts = 0 and o.user_id = u.id and o.template = 'reset')
   and ((select count(*) from core_outbox o
          where o.create_time > now() - interval '1 hour' and o.user_id = u.id and o.template = 'reset')
          < :arg.allowed::bigint
        or not exists (select from users_token t where t.user_id = u.id and t.expire_time > now()))
