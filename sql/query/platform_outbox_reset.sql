-- The same as outbox_reset, for a superuser.
-- rows: none
insert into public.core_outbox (template, recipient, user_id)
select 'reset', u.email, u.id
  from public.platform_superuser u
 where u.id = :arg.user_id::bigint and u.is_active
   and not exists (select from public.core_outbox o
                    where o.next_time is not null and o.attempts = 0 and o.user_id = u.id and o.template = 'reset')
   and ((select count(*) from public.core_outbox o
          where o.create_time > now() - interval '1 hour' and o.user_id = u.id and o.template = 'reset')
          < :arg.allowed::bigint
        or not exists (select from public.platform_token t where t.user_id = u.id and t.expire_time > now()))
