-- rows: none
insert into public.audit_seal (tenant_id, number, total, ids, hashes, mac)
values (:arg.tenant_id::bigint, :arg.number::bigint, :arg.total::bigint, :arg.ids, :arg.hashes, :arg.mac)
