-- Keeps other servers from the item while its step runs outside a transaction; if this server dies, it is free again
-- when the time is over.
-- rows: none
update public.migration_item
   set retry_time = now() + {item_lease}
 where run_id = :arg.run_id::bigint and tenant_id = :arg.tenant_id::bigint
