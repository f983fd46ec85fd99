-- Keeps up the claim on an item whose step runs outside a transaction, seldom enough; and whether it is one: not if the
-- run was canceled, or another server has taken or finished the item.
-- rows: one
with kept as (
    update public.migration_item i
       set retry_time = now() + {item_lease}
      from public.migration_run r
     where i.run_id = :arg.run_id::bigint and i.tenant_id = :arg.tenant_id::bigint and r.id = i.run_id
       and i.state = 'pending' and i.attempts = :arg.attempts::integer and r.state = 'running'
       and i.retry_time < now() + {item_lease} / 2
)
select exists (select from public.migration_item i
                 join public.migration_run r on r.id = i.run_id
                where i.run_id = :arg.run_id::bigint and i.tenant_id = :arg.tenant_id::bigint
                  and i.state = 'pending' and i.attempts = :arg.attempts::integer
                  and r.state = 'running') as is_wanted
