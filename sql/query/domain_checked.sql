-- What a DNS lookup decides: found, missing, or unknown, which decides nothing.  Only one tenant can have a domain, so
-- a second proof of it waits until the first is lost.  A lookup that was requested meanwhile is still due.
-- rows: one
with seen as (
    select d.*,
           case when :arg.result = 'found'
                     and exists (select from public.tenants_domain o
                                  where o.domain = d.domain and o.state = 'verified' and o.id <> d.id)
                then 'taken' else :arg.result end as result
      from public.tenants_domain d
     where d.id = :arg.id::bigint
       for update
), decided as (
    select seen.*,
           case when result = 'found' then 'verified'
                when state = 'pending' and result in ('missing', 'taken')
                     and claim_time <= now() - make_interval(days => :arg.give_up_days::integer) then 'failed'
                when state = 'verified' and result = 'missing' and verify_time is not null
                     and coalesce(missing_time, now()) <= now() - make_interval(days => :arg.grace_days::integer)
                then 'failed'
                else state end as next_state
      from seen
)
update public.tenants_domain d
   set state = n.next_state, check_time = now(),
       check_text = case when n.result = 'taken' then 'the record is there, but another tenant has the domain'
                         else :arg.text end,
       verify_time = case when n.result = 'found' then now() else n.verify_time end,
       missing_time = case when n.result = 'missing' and n.state = 'verified' and n.verify_time is not null
                           then coalesce(n.missing_time, now())
                           when n.result = 'unknown' then n.missing_time end,
       attempts = case when n.result = 'found' then 0 else n.attempts + 1 end,
       next_time = case when n.next_time <= now() then n.next_time
                        when n.next_state = 'failed' then null
                        when n.result = 'found' then now() + make_interval(hours => :arg.recheck_hours::integer)
                        when n.state = 'verified' and n.verify_time is null then null
                        else now() + least(make_interval(hours => :arg.recheck_hours::integer),
                                           interval '1 s' * :arg.retry_s::integer * power(2, least(n.attempts, 20)))
                   end
  from decided n
 where d.id = n.id
returning d.domain, d.state, n.state as state_before, d.check_text
