-- The tenants t that have or claim a domain d, or the one with a schema name.
from public.tenants_domain d
join public.tenants_tenant t on t.id = d.tenant_id
where d.domain = :arg.domain and (:arg.schema = '' or t.schema_name = :arg.schema)
