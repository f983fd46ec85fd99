-- What was put off is due.
-- rows: none
delete from public.tenants_setback where task = :arg.task and tenant_id = :arg.tenant_id::bigint
