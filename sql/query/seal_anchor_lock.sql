-- No row: another server is sealing this audit.
-- rows: one
select seals, total, head, mac, cursor_xact, cursor_id, floor_id
  from public.audit_anchor
 where tenant_id = :arg.tenant_id::bigint
   for update skip locked
