-- rows: none
-- changes: names
update public.tenants_tenant
   set state = 'purging', purge_time = least(purge_time, now()), update_time = now()
 where id = :arg.id::bigint
