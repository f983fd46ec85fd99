-- rows: one
with run as (
    insert into public.migration_run (is_shared, app, target, mode, failures_max, caller, requires)
    values (true, :app, :arg.target::integer, :arg.mode, :arg.failures_max::bigint, :arg.caller,
            :arg.newest::jsonb)
    returning id
), items as (
    insert into public.migration_item (run_id, tenant_id, schema_name)
    select id, 0, 'public' from run
)
select id from run
