-- rows: none
-- changes: names
delete from public.tenants_domain where domain = :arg.domain
