-- Has a domain looked up now; a failed claim is pending again.
-- rows: none
update public.tenants_domain
   set next_time = now(),
       attempts = case when state = 'failed' then 0 else attempts end,
       claim_time = case when state = 'failed' then now() else claim_time end,
       state = case when state = 'failed' then 'pending' else state end
 where id = :arg.id::bigint
