-- rows: none
update public.tenants_tenant set purge_time = now() where id = :tenant.id
