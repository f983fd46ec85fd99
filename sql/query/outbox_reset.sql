-- rows: none
insert into core_outbox (template, recipient, user_id)
select 'reset', email, id
  from users_customuser
 where lower(email) = lower(:email) and is_active
