-- Keeps the tables of a schema from changing while their rows are read.  A table that was rewritten between the
-- transaction's snapshot and its lock would look empty, so that is an error.
do $block$
declare
    tables text[] := string_to_array(:'tables', E'\n');
    item text;
begin
    foreach item in array tables loop
        execute format('lock table %I.%I in access share mode', :'schema', item);
    end loop;
    if exists (select from pg_class
                where relnamespace = to_regnamespace(quote_ident(:'schema')) and relname = any (tables)
                  and relfilenode <> pg_relation_filenode(oid)) then
        raise serialization_failure using message = 'a table was rewritten just now';
    end if;
end
$block$;
