-- rows: none
update public.tenants_tenant set sweep_time = now() where id = :tenant.id
