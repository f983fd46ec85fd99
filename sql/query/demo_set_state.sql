-- rows: none
update public.demo_demorequest
   set state = :arg.state, reject_reason = :arg.reason,
       tenant_id = coalesce(nullif(:arg.tenant_id, '')::bigint, tenant_id), update_time = now()
 where id = :arg.id::bigint
