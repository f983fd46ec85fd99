alter schema :"schema" rename to :"new_schema";
-- What PostgreSQL keeps as text goes on meaning this schema: search_path and text search configuration, as settings of the
-- schema's functions and of the tenant's role.
do $block$
declare
    old_name text := :'schema';
    new_name text := :'new_schema';
    item record;
begin
    for item in
        with setting (command, value) as (
            select format('alter routine %s set', p.oid::regprocedure), s.value
              from pg_catalog.pg_proc p
             cross join unnest(p.proconfig) s (value)
             where p.pronamespace = to_regnamespace(quote_ident(new_name))
            union all
            select format('alter role %I%s set', r.rolname, ' in database ' || quote_ident(b.datname)), s.value
              from pg_catalog.pg_roles r
              join pg_catalog.pg_db_role_setting d on d.setrole = r.oid
              left join pg_catalog.pg_database b on b.oid = d.setdatabase
             cross join unnest(d.setconfig) s (value)
             where r.rolname = :'role' and (d.setdatabase = 0 or b.datname = current_database())
        ), named as (
            select command, split_part(value, '=', 1) as name, substr(value, strpos(value, '=') + 1) as value from setting
        )
        select command, n.name, e.list, e.has_old
          from named n
         cross join lateral (
               select string_agg(quote_literal(case when w.word = old_name then new_name else w.word end), ', '
                                 order by w.number) as list, bool_or(w.word = old_name) as has_old
                 from (select m.number, coalesce(replace(m.found[1], '""', '"'), m.found[2]) as word
                         from regexp_matches(n.value, '"((?:[^"]|"")*)"|([^,"\s]+)', 'g') with ordinality m (found, number)) w) e
         where n.name = 'search_path' and e.has_old
        union all
        select command, name, quote_literal(quote_ident(new_name) || substr(value, length(quote_ident(old_name)) + 1)), true
          from named
         where name = 'default_text_search_config' and starts_with(value, quote_ident(old_name) || '.')
    loop
        execute format('%s %I to %s', item.command, item.name, item.list);
    end loop;
end
$block$;
