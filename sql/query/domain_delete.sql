-- rows: none
-- changes: names
delete from public.tenants_domain where id = :arg.id::bigint
