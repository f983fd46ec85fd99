-- Prepares a new schema for rows from elsewhere, as pg_dump's order of things has it: what would act on rows while they
-- come, or refuse some before all are there, goes until script tenant_rows_end.  Triggers, rules and forced row level
-- security are switched off.  Foreign keys are dropped, so that tables can be filled in any order and all rows are
-- checked at once; so are checks that older rows need not satisfy (not valid), or that call functions, which may read
-- other tables.  Rows that the schema's migrations have inserted are removed, since they are among those that come.
-- Partitions become those of the source.
set constraints all immediate;
do $block$
declare
    target oid := to_regnamespace(quote_ident(:'schema'));
    state jsonb := current_setting('ciq.rows_state')::jsonb;
    literal_re text := '(''([^'']|'''')*''|-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?|true|false|NULL)';
    place_re text := '(' || literal_re || '|MINVALUE|MAXVALUE)';
    bound_re text := format('^(DEFAULT|FOR VALUES IN \(%1$s(, %1$s)*\)|FOR VALUES FROM \(%2$s(, %2$s)*\) TO \(%2$s(, %2$s)*\)'
                         '|FOR VALUES WITH \(modulus [0-9]+, remainder [0-9]+\))$', literal_re, place_re);
    name_re text := '([a-z_][a-z0-9_]*|"([^"]|"")+")';
    key_re text := format('^(RANGE|LIST|HASH) \(%1$s(, %1$s)*\)$', name_re);
    kept jsonb;
    item record;
begin
    select jsonb_build_object(
        'triggers', (select jsonb_agg(jsonb_build_object('tab', c.relname, 'name', g.tgname, 'enabled', g.tgenabled))
                       from pg_trigger g
                       join pg_class c on c.oid = g.tgrelid
                      where c.relnamespace = target and c.relkind in ('r', 'p') and not g.tgisinternal),
        'rules', (select jsonb_agg(jsonb_build_object('tab', c.relname, 'name', w.rulename, 'enabled', w.ev_enabled))
                    from pg_rewrite w
                    join pg_class c on c.oid = w.ev_class
                   where c.relnamespace = target and c.relkind in ('r', 'p')),
        'forced', (select jsonb_agg(jsonb_build_object('tab', relname))
                     from pg_class
                    where relnamespace = target and relkind in ('r', 'p') and relforcerowsecurity),
        'keys', (select jsonb_agg(jsonb_build_object(
                            'tab', c.relname, 'name', k.conname, 'definition', pg_get_constraintdef(k.oid),
                            'comment', obj_description(k.oid, 'pg_constraint'),
                            'triggers', (select jsonb_agg(jsonb_build_object('tab', r.relname, 'function', g.tgfoid::oid,
                                                                             'type', g.tgtype, 'enabled', g.tgenabled))
                                           from pg_trigger g
                                           join pg_class r on r.oid = g.tgrelid
                                          where g.tgconstraint = k.oid and g.tgenabled <> 'O')))
                   from pg_constraint k
                   join pg_class c on c.oid = k.conrelid
                  where k.connamespace = target and k.contype = 'f' and k.conparentid = 0),
        'checks', (with recursive heirs (relation, depth) as (
                       select oid, 0 from pg_class where relnamespace = target and relkind in ('r', 'p', 'f')
                       union all
                       select i.inhrelid, h.depth + 1 from heirs h join pg_inherits i on i.inhparent = h.relation
                   )
                   select jsonb_agg(jsonb_build_object(
                              'tab', c.relname, 'name', k.conname, 'definition', pg_get_constraintdef(k.oid),
                              'comment', obj_description(k.oid, 'pg_constraint'),
                              'depth', (select max(h.depth) from heirs h where h.relation = c.oid)))
                     from pg_constraint k
                     join pg_class c on c.oid = k.conrelid
                    where k.connamespace = target and k.contype in ('c', 'n') and k.conislocal
                      and (not k.convalidated
                           or k.contype = 'c' and exists (select from pg_depend d
                                                           where d.classid = 'pg_constraint'::regclass
                                                             and d.objid = k.oid
                                                             and d.refclassid in ('pg_proc'::regclass,
                                                                                  'pg_operator'::regclass)))),
        'domains', (select jsonb_agg(jsonb_build_object('tab', y.typname, 'name', k.conname,
                                                        'definition', pg_get_constraintdef(k.oid),
                                                        'comment', obj_description(k.oid, 'pg_constraint')))
                      from pg_constraint k
                      join pg_type y on y.oid = k.contypid
                     where k.connamespace = target and not k.convalidated))
      into kept;
    perform set_config('ciq.rows_kept', jsonb_strip_nulls(kept)::text, true);
    kept := jsonb_strip_nulls(kept);

    for item in select * from jsonb_to_recordset(kept -> 'triggers') as x (tab text, name text, enabled text) loop
        if item.enabled <> 'D' then
            execute format('alter table only %I.%I disable trigger %I', :'schema', item.tab, item.name);
        end if;
    end loop;
    for item in select * from jsonb_to_recordset(kept -> 'rules') as x (tab text, name text, enabled text) loop
        execute format('alter table %I.%I disable rule %I', :'schema', item.tab, item.name);
    end loop;
    for item in select * from jsonb_to_recordset(kept -> 'forced') as x (tab text) loop
        execute format('alter table %I.%I no force row level security', :'schema', item.tab);
    end loop;
    for item in
        select * from jsonb_to_recordset(coalesce(kept -> 'keys', '[]') || coalesce(kept -> 'checks', '[]'))
                      as x (tab text, name text, depth integer)
         order by depth nulls first
    loop
        execute format('alter table %I.%I drop constraint if exists %I', :'schema', item.tab, item.name);
    end loop;
    for item in select * from jsonb_to_recordset(kept -> 'domains') as x (tab text, name text) loop
        execute format('alter domain %I.%I drop constraint %I', :'schema', item.tab, item.name);
    end loop;
    for item in select unnest(string_to_array(current_setting('ciq.rows_tables'), E'\n')) as tab loop
        execute format('truncate %I.%I', :'schema', item.tab);
    end loop;

    if not (state -> 'is_complete')::boolean then
        return; -- nobody has said what partitions there were
    end if;
    for item in
        select c.relname as tab
          from pg_class r
         cross join lateral pg_partition_tree(r.oid) t
          join pg_class c on c.oid = t.relid and t.level > 0
          join pg_class p on p.oid = t.parentrelid
         where r.relnamespace = target and r.relkind = 'p' and not r.relispartition
           and not exists (select from jsonb_to_recordset(state -> 'partitions')
                                       as x (name text, parent text, bound text, key text)
                            where x.name = c.relname and x.parent = p.relname
                              and x.bound = pg_get_expr(c.relpartbound, c.oid)
                              and x.key = case when c.relkind = 'p' then pg_get_partkeydef(c.oid) else '' end)
         order by t.level desc
    loop
        execute format('drop table if exists %I.%I', :'schema', item.tab);
    end loop;
    for item in
        with recursive wanted as (
            select * from jsonb_to_recordset(state -> 'partitions')
                          as x (name text, parent text, bound text, key text, is_unlogged boolean)
        ), ordered as (
            select w.*, 1 as level from wanted w where not exists (select from wanted p where p.name = w.parent)
            union all
            select w.*, o.level + 1 from ordered o join wanted w on w.parent = o.name
        )
        select o.* from ordered o
         where not exists (select from pg_class where relnamespace = target and relname = o.name and relispartition)
         order by o.level, o.name
    loop
        -- it may come from an archive, which is never trusted with a statement
        if item.bound !~ bound_re or item.key <> '' and item.key !~ key_re and not (state -> 'is_trusted')::boolean then
            raise invalid_parameter_value
                using message = format('the partition %s is none that can be made again: %s %s', item.name, item.bound,
                                       item.key);
        end if;
        execute format('create %s table %I.%I partition of %I.%I %s %s',
                       case when item.is_unlogged then 'unlogged' else '' end, :'schema', item.name, :'schema',
                       item.parent, item.bound,
                       case when item.key = '' then '' else 'partition by ' || item.key end);
    end loop;
    for item in
        select x.name from jsonb_to_recordset(state -> 'partitions') as x (name text, parent text)
         where not exists (select from pg_class c
                             join pg_inherits i on i.inhrelid = c.oid
                             join pg_class p on p.oid = i.inhparent
                            where c.relnamespace = target and c.relname = x.name and c.relispartition
                              and p.relnamespace = target and p.relname = x.parent)
         limit 1
    loop
        raise invalid_parameter_value using message = format('the partition %s cannot be made again', item.name);
    end loop;
end
$block$;
