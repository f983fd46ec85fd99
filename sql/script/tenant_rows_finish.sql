-- The last of it, when the rows were counted: numbers go on where the source's do.  An archive of the first format says
-- nothing of sequences that were set and not used: one that it does not name goes on behind its column's largest number.
-- What is deferred until a commit is so again for whoever works on in this transaction.
do $block$
declare
    target oid := to_regnamespace(quote_ident(:'schema'));
    state jsonb := current_setting('ciq.rows_state')::jsonb;
    item record;
    largest bigint;
begin
    for item in
        select c.oid, x.last_value, x.is_called
          from jsonb_to_recordset(state -> 'sequences') as x (name text, last_value bigint, is_called boolean)
          join pg_class c on c.relnamespace = target and c.relname = x.name and c.relkind = 'S'
    loop
        perform setval(item.oid, item.last_value, item.is_called);
    end loop;
    for item in
        select s.oid as sequence, t.relname as tab, a.attname as col
          from pg_class s
          join pg_sequence q on q.seqrelid = s.oid and q.seqincrement > 0
          join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid
                          and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
          join pg_class t on t.oid = d.refobjid
          join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
         where s.relnamespace = target and s.relkind = 'S' and not (state -> 'is_complete')::boolean
    loop
        execute format('select max(%I) from %I.%I', item.col, :'schema', item.tab) into largest;
        if largest > coalesce(pg_sequence_last_value(item.sequence), 0) then
            perform setval(item.sequence, largest);
        end if;
    end loop;
    for item in
        select * from jsonb_to_recordset(current_setting('ciq.rows_kept')::jsonb -> 'forced') as x (tab text)
         where to_regclass(format('%I.%I', :'schema', tab)) is not null
    loop
        execute format('alter table %I.%I force row level security', :'schema', item.tab);
    end loop;
    for item in
        select conname from pg_constraint where connamespace = target group by conname having bool_and(condeferred)
    loop
        execute format('set constraints %I.%I deferred', :'schema', item.conname);
    end loop;
end
$block$;
