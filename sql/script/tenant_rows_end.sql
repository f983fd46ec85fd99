-- After the rows: what script tenant_rows_begin has taken away comes back as it was.  Foreign keys and checks are proved
-- for all rows, unless they are not valid.  Then materialized views get the rows that they have in the source, each after
-- those that it reads, or none if they have none there.  Row level security is forced again when the rows were counted.
do $block$
declare
    target oid := to_regnamespace(quote_ident(:'schema'));
    state jsonb := current_setting('ciq.rows_state')::jsonb;
    kept jsonb := current_setting('ciq.rows_kept')::jsonb;
    words jsonb := '{"O": "enable", "D": "disable", "R": "enable replica", "A": "enable always"}';
    item record;
    part record;
begin
    for item in select * from jsonb_to_recordset(kept -> 'domains') as x (tab text, name text, definition text, comment text)
    loop
        execute format('alter domain %I.%I add constraint %I %s', :'schema', item.tab, item.name, item.definition);
        if item.comment is not null then
            execute format('comment on constraint %I on domain %I.%I is %L', item.name, :'schema', item.tab, item.comment);
        end if;
    end loop;
    for item in
        select *
          from jsonb_to_recordset(coalesce(kept -> 'keys', '[]') || coalesce(kept -> 'checks', '[]'))
               as x (tab text, name text, definition text, comment text, depth integer, triggers jsonb)
         where to_regclass(format('%I.%I', :'schema', tab)) is not null -- a partition may have gone
         order by depth desc nulls first, tab, name
    loop
        execute format('alter table %I.%I add constraint %I %s', :'schema', item.tab, item.name, item.definition);
        if item.comment is not null then
            execute format('comment on constraint %I on %I.%I is %L', item.name, :'schema', item.tab, item.comment);
        end if;
        for part in
            select g.tgname, x.tab, words ->> x.enabled as word
              from jsonb_to_recordset(item.triggers) as x (tab text, function oid, type smallint, enabled text)
              join pg_class c on c.relnamespace = target and c.relname = x.tab
              join pg_trigger g on g.tgrelid = c.oid and g.tgfoid = x.function and g.tgtype = x.type
              join pg_constraint k on k.oid = g.tgconstraint and k.conname = item.name
        loop
            execute format('alter table only %I.%I %s trigger %I', :'schema', part.tab, part.word, part.tgname);
        end loop;
    end loop;

    for item in
        with recursive views as (
            select c.oid, c.relname, c.relkind, c.relispopulated,
                   coalesce((select x.is_populated from jsonb_to_recordset(state -> 'views')
                                                        as x (name text, is_populated boolean)
                              where x.name = c.relname), c.relispopulated) as is_wanted
              from pg_class c where c.relnamespace = target and c.relkind in ('v', 'm')
        ), reads (view, reached, depth) as (
            select oid, oid, 0 from views where relkind = 'm'
            union
            select r.view, v.oid, r.depth + 1
              from reads r
              join pg_rewrite w on w.ev_class = r.reached
              join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                              and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.reached
              join views v on v.oid = d.refobjid
        )
        select v.relname, v.is_wanted, v.relispopulated,
               exists (select from reads r join views w on w.oid = r.view and w.is_wanted
                        where r.reached = v.oid) as is_needed,
               (select max(r.depth) from reads r where r.view = v.oid) as depth
          from views v
         where v.relkind = 'm'
         order by depth, v.relname
    loop
        if item.is_needed then
            execute format('refresh materialized view %I.%I', :'schema', item.relname);
        end if;
    end loop;
    for item in
        select c.relname
          from pg_class c
          join jsonb_to_recordset(state -> 'views') as x (name text, is_populated boolean) on x.name = c.relname
         where c.relnamespace = target and c.relkind = 'm' and c.relispopulated and not x.is_populated
    loop
        execute format('refresh materialized view %I.%I with no data', :'schema', item.relname);
    end loop;

    for item in
        select * from jsonb_to_recordset(kept -> 'triggers') as x (tab text, name text, enabled text)
         where enabled <> 'D' and to_regclass(format('%I.%I', :'schema', tab)) is not null
    loop
        execute format('alter table only %I.%I %s trigger %I', :'schema', item.tab, words ->> item.enabled, item.name);
    end loop;
    loop -- partitions that were made here have got their parents' triggers while these were off
        for item in
            select c.relname as tab, g.tgname as name, p.tgenabled::text as enabled
              from pg_trigger g
              join pg_trigger p on p.oid = g.tgparentid and p.tgenabled <> g.tgenabled
              join pg_class c on c.oid = g.tgrelid
             where c.relnamespace = target
               and not exists (select from jsonb_to_recordset(kept -> 'triggers') as x (tab text, name text)
                                where x.tab = c.relname and x.name = g.tgname)
        loop
            execute format('alter table only %I.%I %s trigger %I', :'schema', item.tab, words ->> item.enabled, item.name);
        end loop;
        exit when not found;
    end loop;
    for item in
        select * from jsonb_to_recordset(kept -> 'rules') as x (tab text, name text, enabled text)
         where to_regclass(format('%I.%I', :'schema', tab)) is not null
    loop
        execute format('alter table %I.%I %s rule %I', :'schema', item.tab, words ->> item.enabled, item.name);
    end loop;
end
$block$;
