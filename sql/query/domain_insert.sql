-- rows: none
insert into public.tenants_domain (tenant_id, domain, kind, is_primary)
values (:arg.tenant_id::bigint, :arg.domain, :arg.kind, true)
