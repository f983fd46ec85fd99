-- rows: none
update public.audit_anchor
   set seals = :arg.number::bigint, total = :arg.total::bigint, head = :arg.head, mac = :arg.mac,
       cursor_xact = :arg.xact::bigint, cursor_id = :arg.id::bigint
 where tenant_id = :arg.tenant_id::bigint
