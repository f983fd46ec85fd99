-- rows: one
select total, ids, hashes, mac
  from public.audit_seal
 where tenant_id = :arg.tenant_id::bigint and number = :arg.number::bigint
