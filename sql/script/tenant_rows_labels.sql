-- Whether rows have a value that their copy's enum cannot take yet.  PostgreSQL before 17 takes a value that a migration
-- has added only after a commit, and a copy's migrations and rows are one transaction.
do $block$
declare
    label record;
    holder record;
    is_used boolean;
begin
    for label in
        select t.typname as type, e.enumlabel as value
          from pg_catalog.pg_enum e
          join pg_catalog.pg_type t on t.oid = e.enumtypid
         where t.typnamespace = to_regnamespace(quote_ident(:'made'))
         order by 1, e.enumsortorder
    loop
        begin
            execute format('select %L::%I.%I', label.value, :'made', label.type);
            continue;
        exception
            when unsafe_new_enum_value_usage then null;
        end;
        -- columns of the type, of a domain over it, and of arrays of it
        for holder in
            select c.relname, a.attname, y.typelem <> 0 as is_array, case c.relkind when 'r' then 'only ' else '' end as only
              from pg_catalog.pg_type u
              join pg_catalog.pg_type y on u.oid in (y.oid, y.typbasetype, y.typelem)
              join pg_catalog.pg_attribute a on a.atttypid = y.oid and a.attnum > 0 and not a.attisdropped
              join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
             where u.typnamespace = to_regnamespace(quote_ident(:'schema')) and u.typname = label.type
             order by 1, 2
        loop
            execute format(case when holder.is_array then 'select exists (select from %s%I.%I where %L = any (%I::text[]))'
                                else 'select exists (select from %s%I.%I where %5$I::text = %4$L)' end,
                           holder.only, :'schema', holder.relname, label.value, holder.attname)
               into is_used;
            if is_used then
                raise unsafe_new_enum_value_usage
                    using message = format('the column %s of the table %s has the value %L, which a migration has added '
                                           'to the enum %s', holder.attname, holder.relname, label.value, label.type),
                          detail = 'PostgreSQL before 17 takes such a value only after a commit, and a copy is one '
                                   'transaction.',
                          hint = 'let a migration make a type with all values, change the columns to it and drop the '
                                 'old one';
            end if;
        end loop;
    end loop;
end
$block$;
