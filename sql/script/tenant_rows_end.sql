-- After the rows were copied: creates every foreign key again, which checks all rows, and sets each sequence to the
-- largest number of its column.
set constraints all immediate;
do $block$
declare
    item record;
    largest bigint;
begin
    for item in
        select k ->> 'table' as tab, k ->> 'name' as name, k ->> 'definition' as definition
          from jsonb_array_elements(current_setting('ciq.keys')::jsonb) k
         order by 1, 2
    loop
        execute format('alter table %I.%I add constraint %I %s', :'schema', item.tab, item.name, item.definition);
    end loop;
    for item in
        select s.oid as sequence, t.relname as tab, a.attname as col
          from pg_class s
          join pg_sequence q on q.seqrelid = s.oid and q.seqincrement > 0
          join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid
                          and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
          join pg_class t on t.oid = d.refobjid
          join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
         where s.relnamespace = to_regnamespace(quote_ident(:'schema')) and s.relkind = 'S'
    loop
        execute format('select max(%I) from %I.%I', item.col, :'schema', item.tab) into largest;
        if largest > coalesce(pg_sequence_last_value(item.sequence), 0) then
            perform setval(item.sequence, largest);
        end if;
    end loop;
end
$block$;
