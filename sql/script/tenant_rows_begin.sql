-- Prepares a new schema for rows from elsewhere.  Its foreign keys are dropped until the rows are there, so that tables
-- can be filled in any order and all rows are checked at once.  Rows that its migrations have inserted are removed,
-- since they are among those that come.
set local search_path to :"schema", pg_temp;
do $block$
declare
    item record;
begin
    perform set_config('ciq.keys',
                       (select coalesce(jsonb_agg(jsonb_build_object('table', c.relname, 'name', k.conname,
                                                                     'definition', pg_get_constraintdef(k.oid))),
                                        '[]')::text
                          from pg_constraint k
                          join pg_class c on c.oid = k.conrelid
                         where k.connamespace = to_regnamespace(quote_ident(:'schema')) and k.contype = 'f'
                           and k.conparentid = 0), true);
    for item in
        select k ->> 'table' as tab, k ->> 'name' as name
          from jsonb_array_elements(current_setting('ciq.keys')::jsonb) k
    loop
        execute format('alter table %I.%I drop constraint %I', :'schema', item.tab, item.name);
    end loop;
    for item in select unnest(string_to_array(:'tables', E'\n')) as tab loop
        execute format('truncate %I.%I', :'schema', item.tab);
    end loop;
end
$block$;
