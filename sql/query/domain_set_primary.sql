-- rows: none
-- changes: names
update public.tenants_domain set is_primary = true where id = :arg.id::bigint
