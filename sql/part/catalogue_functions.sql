-- Functions, procedures, aggregates, operators and casts.  A body is shown as its checksum.
    select 'pg_catalog.pg_proc'::regclass, p.oid, 0, 1, null::oid, null, d.word || ' ' || d.name, d.shown, null, null,
           d.word || ' ' || d.name,
           d.word || ' ' || case when p.prokind = 'a' and p.pronargs = 0 then quote_ident(p.proname) || '(*)' else d.name end,
           p.proacl, 'f', case when p.prokind = 'p' then 'procedure ' else 'function ' end || d.name, null, p.proowner,
           d.definition, false
      from member m
      join pg_catalog.pg_proc p on p.oid = m.objid and m.classid = 'pg_catalog.pg_proc'::regclass
                            and not exists (select from pg_catalog.pg_depend d -- those of a range type
                                             where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
                                               and d.deptype = 'i')
      left join pg_catalog.pg_aggregate a on a.aggfnoid = p.oid
     cross join lateral (select case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end as definition) f
     cross join lateral (
           select case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end as word,
                  format('%I(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as name,
                  concat_ws(', ', 'sfunc = ' || a.aggtransfn::text,
                            'stype = ' || pg_catalog.format_type(a.aggtranstype, null), 'sspace = ' || nullif(a.aggtransspace, 0),
                            'finalfunc = ' || nullif(a.aggfinalfn, 0)::regproc::text,
                            case when a.aggfinalextra then 'finalfunc_extra' end,
                            'finalfunc_modify = ' || case a.aggfinalmodify when 'r' then 'read_only' when 's' then 'shareable'
                                                                           when 'w' then 'read_write' end,
                            'combinefunc = ' || nullif(a.aggcombinefn, 0)::regproc::text,
                            'serialfunc = ' || nullif(a.aggserialfn, 0)::regproc::text,
                            'deserialfunc = ' || nullif(a.aggdeserialfn, 0)::regproc::text,
                            'initcond = ' || quote_literal(a.agginitval),
                            'msfunc = ' || nullif(a.aggmtransfn, 0)::regproc::text,
                            'minvfunc = ' || nullif(a.aggminvtransfn, 0)::regproc::text,
                            'mstype = ' || pg_catalog.format_type(nullif(a.aggmtranstype, 0), null),
                            'msspace = ' || nullif(a.aggmtransspace, 0),
                            'mfinalfunc = ' || nullif(a.aggmfinalfn, 0)::regproc::text,
                            case when a.aggmfinalextra then 'mfinalfunc_extra' end,
                            case when a.aggmfinalfn <> 0
                                 then 'mfinalfunc_modify = ' || case a.aggmfinalmodify when 'r' then 'read_only'
                                                                                       when 's' then 'shareable' else 'read_write' end end,
                            'minitcond = ' || quote_literal(a.aggminitval),
                            (select format('sortop = operator(%s.%s)', o.oprnamespace::regnamespace, o.oprname)
                               from pg_catalog.pg_operator o where o.oid = a.aggsortop),
                            'parallel = ' || case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
                            case when a.aggkind = 'h' then 'hypothetical' end) as aggregate) g
     cross join lateral (
           select g.word, g.name,
                  case when p.prokind = 'a'
                       then format('create aggregate %I(%s) (%s)', p.proname,
                                   case when p.pronargs = 0 then '*' else pg_catalog.pg_get_function_arguments(p.oid) end,
                                   g.aggregate)
                       else f.definition end as definition,
                  case when p.prokind = 'a'
                       then concat_ws(' ', pg_catalog.pg_get_function_arguments(p.oid), 'returns',
                                      pg_catalog.pg_get_function_result(p.oid), g.aggregate)
                       else regexp_replace(substr(f.definition, strpos(f.definition, m.schema_name || '.' || quote_ident(p.proname))
                                                                + length(m.schema_name || '.' || quote_ident(p.proname))),
                                           E'\n(AS |BEGIN ATOMIC|RETURN ).*$', '')
                            || ' ' || md5(coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.probin || p.prosrc, p.prosrc)) end
                  as shown) d
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_operator'::regclass, o.oid, 0, 1, null, null, d.name,
           case when o.oprcode = 0 then 'shell' else d.definition end, null, null, d.name, d.name, null, null, null, null, null,
           case when o.oprcode <> 0 then format('create operator %s (%s)', o.oprname, d.definition) end, false
      from member m
      join pg_catalog.pg_operator o on o.oid = m.objid and m.classid = 'pg_catalog.pg_operator'::regclass
      left join pg_catalog.pg_operator c on c.oid = o.oprcom
      left join pg_catalog.pg_operator n on n.oid = o.oprnegate
     cross join lateral (
           select format('operator %s (%s, %s)', o.oprname, coalesce(pg_catalog.format_type(nullif(o.oprleft, 0), null), 'none'),
                         pg_catalog.format_type(o.oprright, null)) as name,
                  concat_ws(', ', 'function = ' || o.oprcode::text,
                            'leftarg = ' || pg_catalog.format_type(nullif(o.oprleft, 0), null),
                            'rightarg = ' || pg_catalog.format_type(o.oprright, null), 'commutator = ' || c.oprname,
                            'negator = ' || n.oprname, 'restrict = ' || nullif(o.oprrest, 0)::regproc::text,
                            'join = ' || nullif(o.oprjoin, 0)::regproc::text, case when o.oprcanhash then 'hashes' end,
                            case when o.oprcanmerge then 'merges' end) as definition) d
     where :arg.whole::boolean
    union all
    -- only a superuser can make one
    select 'pg_catalog.pg_opclass'::regclass, o.oid, 0, 1, null, null, format('operator class %I using %s', o.opcname, a.amname),
           concat_ws(' ', 'for', pg_catalog.format_type(o.opcintype, null), case when o.opcdefault then 'default' end), null, null,
           format('operator class %I using %s', o.opcname, a.amname), null, null, null, null, null, null, null, false
      from member m
      join pg_catalog.pg_opclass o on o.oid = m.objid and m.classid = 'pg_catalog.pg_opclass'::regclass
      join pg_catalog.pg_am a on a.oid = o.opcmethod
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_opfamily'::regclass, o.oid, 0, 1, null, null, format('operator family %I using %s', o.opfname, a.amname),
           (select string_agg(format('%s %s', x.amopstrategy, x.amopopr::regoperator), ', ' order by x.amopstrategy, x.oid)
              from pg_catalog.pg_amop x where x.amopfamily = o.oid), null, null,
           format('operator family %I using %s', o.opfname, a.amname), null, null, null, null, null, null, null, false
      from member m
      join pg_catalog.pg_opfamily o on o.oid = m.objid and m.classid = 'pg_catalog.pg_opfamily'::regclass
      join pg_catalog.pg_am a on a.oid = o.opfmethod
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_cast'::regclass, c.oid, 0, 1, null, null, d.name, d.definition, null, null, d.name, d.name,
           null, null, null, null, null, format('create %s %s', d.name, d.definition), false
      from pg_catalog.pg_cast c
     cross join lateral (
           select format('cast (%s as %s)', pg_catalog.format_type(c.castsource, null),
                         pg_catalog.format_type(c.casttarget, null)) as name,
                  concat(case c.castmethod when 'f' then 'with function ' || c.castfunc::regprocedure when 'i' then 'with inout'
                                           else 'without function' end,
                         case c.castcontext when 'a' then ' as assignment' when 'i' then ' as implicit' end) as definition) d
     where :arg.whole::boolean and c.oid >= 16384
       and (c.castsource in (select y.type from own_type y) or c.casttarget in (select y.type from own_type y))
       and not exists (select from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i')
