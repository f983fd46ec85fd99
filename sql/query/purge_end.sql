-- Deletes what is left of a tenant whose schema is gone: its domains, seals and row.  Its role is not used again until
-- no server can still have it in memory.
-- rows: none
-- changes: names
with domains as (
    delete from public.tenants_domain where tenant_id = :arg.id::bigint
), resting as (
    insert into public.role_rest (role, rest_until)
    select role, now() + interval '1 hour' from public.tenants_tenant where id = :arg.id::bigint
), seals as (
    delete from public.audit_seal where tenant_id = :arg.id::bigint
), anchor as (
    delete from public.audit_anchor where tenant_id = :arg.id::bigint
)
delete from public.tenants_tenant where id = :arg.id::bigint
