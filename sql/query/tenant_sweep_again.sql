-- The tenant is due again, behind those who were due before.
-- rows: none
update public.tenants_tenant set sweep_time = now() - interval '1 hour' where id = :tenant.id
