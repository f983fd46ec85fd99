-- After a restore into another cluster, which numbers its transactions from the start again: rows from before are
-- recognised by their own numbers.
-- rows: none
update public.audit_anchor
   set cursor_xact = -1, cursor_id = 0,
       floor_id = coalesce((select max(id) from core_audit
                             where xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint), 0)
 where tenant_id = :arg.tenant_id::bigint
