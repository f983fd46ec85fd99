-- Copies the rows of some tables from one tenant's schema into another's.  It is one statement, so it sees one snapshot,
-- without a lock that makes writers wait.  Sequences are copied after the rows, so they are never behind them.
do $block$
declare
    source text := :'source';
    target text := :'schema';
    item record;
begin
    execute (select 'with ' || string_agg(format('c%s as (insert into %I.%I (%s) overriding system value '
                                                 'select %s from %I.%I)',
                                                 c.oid, target, c.relname, a.list, a.list, source, c.relname), ', ')
                    || ' select'
               from pg_class c
              cross join lateral (select string_agg(quote_ident(attname), ', ' order by attnum) as list
                                    from pg_attribute
                                   where attrelid = c.oid and attnum > 0 and not attisdropped
                                     and attgenerated = '') a
              where c.relnamespace = to_regnamespace(quote_ident(target))
                and c.relname = any (string_to_array(:'tables', E'\n')));
    for item in
        select t.oid as sequence, pg_sequence_last_value(s.oid) as last_value
          from pg_class t
          join pg_class s on s.relname = t.relname and s.relkind = 'S'
                         and s.relnamespace = to_regnamespace(quote_ident(source))
         where t.relnamespace = to_regnamespace(quote_ident(target)) and t.relkind = 'S'
    loop
        if item.last_value is not null then
            perform setval(item.sequence, item.last_value);
        end if;
    end loop;
end
$block$;
