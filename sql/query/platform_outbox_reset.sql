-- rows: none
insert into public.core_outbox (template, recipient, user_id)
select 'reset', email, id
  from public.platform_superuser
 where lower(email) = lower(:email) and is_active
