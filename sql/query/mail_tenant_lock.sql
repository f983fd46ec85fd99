-- What the tenant is called and how it is, and neither changes until this transaction ends: so its outbox is no
-- other tenant's, which has taken over a name.
-- rows: one
select schema_name, state from public.tenants_tenant where id = :tenant.id for share
