-- rows: none
insert into public.audit_anchor (tenant_id) values (:arg.tenant_id::bigint) on conflict do nothing
