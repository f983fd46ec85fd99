-- rows: one
insert into public.tenants_domain (tenant_id, domain, is_primary)
values (:arg.tenant_id::bigint, lower(rtrim(:arg.domain, '.')), true)
returning domain
