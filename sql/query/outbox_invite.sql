-- rows: none
insert into core_outbox (template, recipient, user_id, parameters)
select 'invitation', email, id, jsonb_build_object('first_name', coalesce(nullif(first_name, ''), split_part(email, '@', 1)))
  from users_customuser
 where id = :arg.user_id::bigint
