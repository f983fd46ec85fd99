-- rows: none
-- changes: names
update public.tenants_tenant set schema_name = :arg.schema, update_time = now() where id = :arg.id::bigint
