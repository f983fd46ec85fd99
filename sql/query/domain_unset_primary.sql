-- rows: none
-- changes: names
update public.tenants_domain set is_primary = false
 where tenant_id = :arg.tenant_id::bigint and is_primary
