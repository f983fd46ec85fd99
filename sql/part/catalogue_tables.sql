-- Tables, views and their columns.
    select 'pg_catalog.pg_class'::regclass::oid as class, r.oid, 0 as sub, case when r.relkind = 'm' then 3 else 1 end as phase,
           r.oid as relation, r.name as prefix, r.name || ': ' || r.word as object,
           concat_ws(', ', case when r.relpersistence = 'u' then 'unlogged' end,
                     case when r.relispartition
                          then concat_ws(' ', 'partition of', i.parents, pg_catalog.pg_get_expr(r.relpartbound, r.oid)) end,
                     case when not r.relispartition then 'inherits ' || i.parents end,
                     case when r.reloftype <> 0 then 'of ' || pg_catalog.format_type(r.reloftype, null) end,
                     case when r.relkind = 'p' then 'partition by ' || pg_catalog.pg_get_partkeydef(r.oid) end,
                     f.server, r.options, v.query,
                     case when r.relkind = 'm' and not r.relispopulated then '(not populated)' end) as what,
           null::text as less, null::text as lead,
           case when r.relkind = 'p' then 'table' else r.word end || ' ' || r.name as label,
           r.statement_word || ' ' || r.name as target, r.relacl as acl, 'r'::"char" as acl_kind,
           'table ' || r.name as acl_on, null::text as acl_column, r.relowner as owner,
           case when r.relkind in ('v', 'm')
                then format('create %s %s%s as %s%s', r.word, r.name, ' with (' || r.options || ')', rtrim(v.query, ';'),
                            case when r.relkind = 'm' and not r.relispopulated then ' with no data' end)
                else format('create %s %s%s%s%s%s', case when r.relpersistence = 'u' then 'unlogged table'
                                                         when r.relkind = 'f' then 'foreign table' else 'table' end, r.name,
                            case when r.relispartition
                                 then format(' partition of %s %s', i.parents,
                                             pg_catalog.pg_get_expr(r.relpartbound, r.oid))
                                 when r.reloftype <> 0 then ' of ' || pg_catalog.format_type(r.reloftype, null) || c.typed
                                 else format(' (%s)%s', c.list, ' inherits (' || i.parents || ')') end,
                            case when r.relkind = 'p' then ' partition by ' || pg_catalog.pg_get_partkeydef(r.oid) end,
                            ' ' || f.server, ' with (' || r.options || ')')
                     || coalesce(c.alters, '') end as ddl,
           false as weak
      from relation r
      left join lateral (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) as parents
                           from pg_catalog.pg_inherits i where i.inhrelid = r.oid) i on r.relkind in ('r', 'p', 'f')
      left join lateral (select string_agg(concat(c.name, ' ', c.definition, c.identity_options, ' default ' || c.preset),
                                           ', ' order by c.attnum) filter (where c.attislocal) as list,
                                ' (' || string_agg(concat(c.name, ' with options', case when c.attnotnull then ' not null' end,
                                                      ' default ' || c.preset), ', ' order by c.attnum)
                                        filter (where c.attnotnull or c.preset is not null) || ')' as typed,
                                string_agg(c.alters, '' order by c.attnum) as alters
                           from column_row c
                          where c.relation = r.oid) c on r.relkind in ('r', 'p', 'f')
      left join lateral (select pg_catalog.pg_get_viewdef(r.oid, true) as query) v on r.relkind in ('v', 'm')
      left join lateral (select concat_ws(' ', 'server', quote_ident(s.srvname),
                                          'options (' || (select string_agg(format('%I %L', o.option_name, o.option_value), ', ')
                                                            from pg_catalog.pg_options_to_table(f.ftoptions) o) || ')')
                                as server
                           from pg_catalog.pg_foreign_table f
                           join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
                          where f.ftrelid = r.oid) f on r.relkind = 'f'
     where r.relkind <> 'S'
    union all
    select 'pg_catalog.pg_class'::regclass, c.relation, c.attnum, 1, c.relation, null, c.relation_name || ': column ' || c.name,
           case when c.relkind not in ('v', 'm')
                then concat_ws(' ', c.definition, 'default ' || c.preset, nullif(c.extras, ''))
                when c.preset is not null then 'default ' || c.preset end,
           case when c.relkind not in ('v', 'm') and c.preset is not null
                then concat_ws(' ', c.definition, nullif(c.extras, '')) end,
           format('alter table only %s alter column %s set default %s', c.relation_name, c.name, c.preset),
           format('column %s of %s', c.name, c.relation_name), format('column %s.%s', c.relation_name, c.name),
           c.attacl, null, 'table ' || c.relation_name, c.name, null,
           case when c.relkind in ('v', 'm')
                then format('alter view %s alter column %s set default %s', c.relation_name, c.name, c.preset)
                else concat('alter table ', c.relation_name, ' add column ', c.name, ' ', c.definition,
                            c.identity_options, ' default ' || c.preset, c.alters) end,
           false
      from column_row c
