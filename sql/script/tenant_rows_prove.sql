-- Whether rows still satisfy the checks that PostgreSQL will prove of their copy.  One whose functions are not immutable
-- (the time, another table) held when a row was written, and need not hold now.  Whatever such a function writes is
-- rolled back.
do $block$
declare
    item record;
    is_broken boolean;
begin
    for item in
        select c.relname, k.conname, pg_get_expr(k.conbin, k.conrelid) as expression,
               case c.relkind when 'r' then 'only ' else '' end as only
          from pg_constraint k
          join pg_class c on c.oid = k.conrelid
         where k.connamespace = to_regnamespace(quote_ident(:'schema')) and k.contype = 'c' and k.convalidated
           and c.relkind in ('r', 'p') and not c.relispartition
           and c.relname = any (string_to_array(current_setting('ciq.rows_tables'), E'\n'))
           and (k.conbin::text like '%SQLVALUEFUNCTION%'
                or exists (select from regexp_matches(k.conbin::text, ':(?:op)?funcid (\d+)', 'g') m (ids)
                             join pg_proc p on p.oid = m.ids[1]::oid
                            where p.provolatile <> 'i'))
         order by 1, 2
    loop
        begin
            execute format('select exists (select from %s%I.%I where not (%s))', item.only, :'schema', item.relname,
                           item.expression) into is_broken;
            raise sqlstate 'CIQ00';
        exception
            when sqlstate 'CIQ00' then null;
        end;
        if is_broken then
            raise check_violation
                using message = format('rows of the table %s do not satisfy its check %s any more, which PostgreSQL '
                                       'proves for each row of a copy', item.relname, item.conname),
                      hint = 'mend the rows, or let a migration make the check not valid';
        end if;
    end loop;
end
$block$;
