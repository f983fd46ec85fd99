-- The end of a repair.  Tables that no migration makes get what provisioning grants on every table, as after a role was lost;
-- they are listed in the setting ciq.repaired.  Then the scratch schema goes.
do $block$
declare
    target text := :'schema';
    scratch text := :'scratch';
    tenant_role text := :'role';
    repaired text[] := '{}';
    item record;
begin
    for item in
        select c.relname as name, c.relkind = 'S' as is_sequence
          from pg_catalog.pg_class c
         where c.relnamespace = to_regnamespace(quote_ident(target)) and c.relkind in ('r', 'p', 'S')
           and not c.relispartition
           and to_regclass(format('%I.%I', scratch, c.relname)) is null
           and case when c.relkind = 'S' then not has_sequence_privilege(tenant_role, c.oid, 'usage')
                    else not (has_table_privilege(tenant_role, c.oid, 'select')
                              and has_table_privilege(tenant_role, c.oid, 'insert')
                              and has_table_privilege(tenant_role, c.oid, 'update')
                              and has_table_privilege(tenant_role, c.oid, 'delete')) end
         order by c.relname
    loop
        execute format(case when item.is_sequence then 'grant usage, select on sequence %I.%I to %I'
                            else 'grant select, insert, update, delete on table %I.%I to %I' end,
                       target, item.name, tenant_role);
        repaired := repaired || format('grants on %s %s', case when item.is_sequence then 'sequence' else 'table' end,
                                       item.name);
    end loop;
    execute format('drop schema %I cascade', scratch);
    perform set_config('ciq.repaired', array_to_string(repaired, E'\n'), true);
end
$block$;
