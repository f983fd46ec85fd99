-- Moves what the tenant's schema lacks from a scratch schema that has everything, and lists it in the setting
-- ciq.repaired.  Tables move with their indexes, sequences and first rows; a missing foreign key is created again, and
-- validated only if the existing rows satisfy it.
do $block$
declare
    target text := :'schema';
    scratch text := :'scratch';
    tenant_role text := :'role';
    repaired text[] := '{}';
    keys jsonb;
    item record;
begin
    perform set_config('search_path', quote_ident(scratch), true);
    select coalesce(jsonb_agg(jsonb_build_object('table', c.relname, 'name', k.conname,
                                                 'definition', pg_get_constraintdef(k.oid))), '[]')
      into keys
      from pg_constraint k
      join pg_class c on c.oid = k.conrelid
     where k.connamespace = to_regnamespace(quote_ident(scratch)) and k.contype = 'f';
    for item in select k ->> 'table' as tab, k ->> 'name' as name from jsonb_array_elements(keys) k loop
        execute format('alter table %I.%I drop constraint %I', scratch, item.tab, item.name);
    end loop;

    for item in
        select c.relname as tab
          from pg_class c
         where c.relnamespace = to_regnamespace(quote_ident(scratch)) and c.relkind in ('r', 'p')
           and to_regclass(format('%I.%I', target, c.relname)) is null
         order by c.relname
    loop
        execute format('alter table %I.%I set schema %I', scratch, item.tab, target);
        repaired := repaired || ('table ' || item.tab);
    end loop;
    execute format('drop schema %I cascade', scratch);

    perform set_config('search_path', quote_ident(target) || ', pg_temp', true);
    for item in
        select k ->> 'table' as tab, k ->> 'name' as name, k ->> 'definition' as definition
          from jsonb_array_elements(keys) k
         where not exists (select from pg_constraint c
                            where c.conname = k ->> 'name'
                              and c.conrelid = to_regclass(format('%I.%I', target, k ->> 'table')))
         order by 1, 2
    loop
        begin
            execute format('alter table %I.%I add constraint %I %s not valid', target, item.tab, item.name,
                           item.definition);
            execute format('alter table %I.%I validate constraint %I', target, item.tab, item.name);
            repaired := repaired || ('foreign key ' || item.name);
        exception
            when foreign_key_violation then
                repaired := repaired || ('foreign key ' || item.name || ', for new rows only: old rows break it');
                execute format('alter table %I.%I add constraint %I %s not valid', target, item.tab,
                               item.name, item.definition);
            when undefined_column then
                repaired := repaired || ('not foreign key ' || item.name || ': a column is missing');
        end;
    end loop;

    for item in
        select c.relname as tab
          from pg_class c
         where c.relnamespace = to_regnamespace(quote_ident(target)) and c.relkind in ('r', 'p')
           and not (has_table_privilege(tenant_role, c.oid, 'select')
                    and has_table_privilege(tenant_role, c.oid, 'insert') = (c.relname <> 'core_migration')
                    and has_table_privilege(tenant_role, c.oid, 'update')
                        = (c.relname not in ('core_migration', 'core_audit')))
           and not ('table ' || c.relname = any (repaired))
         order by c.relname
    loop
        repaired := repaired || ('grants on table ' || item.tab);
    end loop;
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', target, tenant_role);
    execute format('grant usage, select on all sequences in schema %I to %I', target, tenant_role);
    perform set_config('ciq.repaired', array_to_string(repaired, E'\n'), true);
end
$block$;
