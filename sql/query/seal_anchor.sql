-- rows: one
select a.seals, a.total, a.head, a.mac,
       coalesce((select max(s.number) from public.audit_seal s where s.tenant_id = a.tenant_id), 0) as newest
  from public.audit_anchor a
 where a.tenant_id = :arg.tenant_id::bigint
