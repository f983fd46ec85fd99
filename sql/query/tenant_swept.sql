-- rows: none
with ended as (
    delete from public.tenants_setback where task = 'sweep' and tenant_id = :tenant.id
)
update public.tenants_tenant set sweep_time = now() where id = :tenant.id
