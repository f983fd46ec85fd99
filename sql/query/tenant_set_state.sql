-- rows: none
-- changes: names
update public.tenants_tenant
   set state = :arg.state, suspend_reason = :arg.reason, update_time = now()
 where id = :arg.id::bigint
