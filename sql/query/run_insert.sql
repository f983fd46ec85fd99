-- A run over the tenants that are not at its target; if there are none, there is no run.
-- rows: one
with chosen as (
    select t.id, t.schema_name
      {run_tenants}
), run as (
    insert into public.migration_run (is_shared, app, target, mode, failures_max, caller, requires)
    select false, :app, :arg.target::integer, :arg.mode, :arg.failures_max::bigint, :arg.caller,
           :arg.newest::jsonb
     where exists (select from chosen)
    returning id
), items as (
    insert into public.migration_item (run_id, tenant_id, schema_name)
    select run.id, chosen.id, chosen.schema_name from run cross join chosen
)
select id from run
