-- Keeps the tables of a schema, with their partitions, from changing while their rows are read.  A table that was
-- rewritten between the transaction's snapshot and its lock would look empty, and a partition that was dropped would be
-- missing, so that is an error.
do $block$
declare
    tables text[] := string_to_array(current_setting('ciq.rows_tables'), E'\n');
    item text;
begin
    foreach item in array tables loop
        execute format('lock table %I.%I in access share mode', :'schema', item);
    end loop;
    if exists (with recursive known as (
                   select c.oid, c.relkind, c.relfilenode
                     from pg_class c
                    where c.relnamespace = to_regnamespace(quote_ident(:'schema')) and c.relname = any (tables)
                   union
                   select c.oid, c.relkind, c.relfilenode
                     from known k
                     join pg_inherits i on i.inhparent = k.oid
                     join pg_class c on c.oid = i.inhrelid
               )
               select from known
                where case relkind when 'r' then relfilenode is distinct from pg_relation_filenode(oid)
                                   when 'p' then (select count(*) from pg_inherits where inhparent = known.oid)
                                                 <> (select count(*) from pg_partition_tree(known.oid) t
                                                      where t.parentrelid = known.oid and t.level = 1)
                      end) then
        raise serialization_failure using message = 'a table was rewritten just now';
    end if;
end
$block$;
