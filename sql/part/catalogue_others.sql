-- Sequences, text search, statistics, publications, and the schema itself.
    select 'pg_catalog.pg_class'::regclass, r.oid, 0, 1, coalesce(o.refobjid, r.oid), r.name, r.name || ': sequence',
           concat_ws(', ', case when r.relpersistence = 'u' then 'unlogged' end, d.definition), null, null,
           'sequence ' || r.name, 'sequence ' || r.name, r.relacl, 's', 'sequence ' || r.name, null, r.relowner,
           case when o.deptype is distinct from 'i'
                then format('create %ssequence %s as %s', case when r.relpersistence = 'u' then 'unlogged ' end, r.name,
                            d.definition) end, false
      from relation r
      join pg_catalog.pg_sequence s on s.seqrelid = r.oid
      left join lateral (select p.deptype, p.refobjid
                           from pg_catalog.pg_depend p
                          where p.classid = 'pg_catalog.pg_class'::regclass and p.objid = r.oid and p.deptype in ('a', 'i')
                            and p.refclassid = 'pg_catalog.pg_class'::regclass) o on true
     cross join lateral (
           select format('%s start %s increment %s minvalue %s maxvalue %s cache %s%s',
                         pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
                         case when s.seqcycle then ' cycle' end) as definition) d
     where :arg.whole::boolean and r.relkind = 'S'
    union all
    select null, null, 0, 1, a.relation, null, r.name || ': owner of the sequence', a.relation_name || '.' || a.name, null, null,
           'owner of sequence ' || r.name, null, null, null, null, null, null,
           format('alter sequence %s owned by %s.%s', r.name, a.relation_name, a.name), false
      from relation r
      join pg_catalog.pg_depend p on p.classid = 'pg_catalog.pg_class'::regclass and p.objid = r.oid and p.deptype = 'a'
                                 and p.refclassid = 'pg_catalog.pg_class'::regclass
      join attribute a on a.relation = p.refobjid and a.attnum = p.refobjsubid
     where :arg.whole::boolean and r.relkind = 'S'
    union all
    select 'pg_catalog.pg_statistic_ext'::regclass, s.oid, 0, 5, s.stxrelid, null, 'statistics ' || quote_ident(s.stxname),
           concat_ws(' ', d.definition, 'target ' || d.target), null, null, 'statistics ' || quote_ident(s.stxname),
           'statistics ' || quote_ident(s.stxname), null, null, null, null, null,
           concat(d.definition, format('; alter statistics %I set statistics ', s.stxname) || d.target), false
      from member m
      join pg_catalog.pg_statistic_ext s on s.oid = m.objid and m.classid = 'pg_catalog.pg_statistic_ext'::regclass
     cross join lateral (select pg_catalog.pg_get_statisticsobjdef(s.oid) as definition,
                                case when s.stxstattarget >= 0 then s.stxstattarget end as target) d
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_ts_dict'::regclass, t.oid, 0, 1, null, null, d.name, d.definition, null, null, d.name, d.name,
           null, null, null, null, null, format('create %s (%s)', d.name, d.definition), false
      from member m
      join pg_catalog.pg_ts_dict t on t.oid = m.objid and m.classid = 'pg_catalog.pg_ts_dict'::regclass
      join pg_catalog.pg_ts_template e on e.oid = t.dicttemplate
     cross join lateral (
           select 'text search dictionary ' || quote_ident(t.dictname) as name,
                  concat_ws(', ', format('template = %s.%I', e.tmplnamespace::regnamespace, e.tmplname), t.dictinitoption)
                  as definition) d
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_ts_config'::regclass, t.oid, 0, 1, null, null, d.name, concat_ws(', ', d.parser, d.shown), null, null,
           d.name, d.name, null, null, null, null, null,
           concat_ws('; ', format('create %s (%s)', d.name, d.parser), d.alters), false
      from member m
      join pg_catalog.pg_ts_config t on t.oid = m.objid and m.classid = 'pg_catalog.pg_ts_config'::regclass
      join pg_catalog.pg_ts_parser e on e.oid = t.cfgparser
     cross join lateral (
           select 'text search configuration ' || quote_ident(t.cfgname) as name,
                  format('parser = %s.%I', e.prsnamespace::regnamespace, e.prsname) as parser,
                  string_agg(format('%s: %s', k.alias, k.dictionaries), ', ' order by k.alias) as shown,
                  string_agg(format('alter text search configuration %I add mapping for %I with %s', t.cfgname, k.alias,
                                    k.dictionaries), '; ' order by k.alias) as alters
             from (select y.alias, string_agg(w.mapdict::regdictionary::text, ', ' order by w.mapseqno) as dictionaries
                     from pg_catalog.pg_ts_config_map w
                     join pg_catalog.ts_token_type(t.cfgparser) y on y.tokid = w.maptokentype
                    where w.mapcfg = t.oid
                    group by y.alias) k) d
     where :arg.whole::boolean
    union all
    -- only a superuser can make one
    select m.classid, m.objid, 0, 1, null, null, format('text search %s %I', d.word, d.name), d.definition, null, null,
           format('text search %s %I', d.word, d.name), null, null, null, null, null, null, null, false
      from member m
     cross join lateral (
           select 'parser' as word, p.prsname as name, p.prsstart::text as definition
             from pg_catalog.pg_ts_parser p
            where m.classid = 'pg_catalog.pg_ts_parser'::regclass and p.oid = m.objid
            union all
           select 'template', t.tmplname, t.tmpllexize::text
             from pg_catalog.pg_ts_template t
            where m.classid = 'pg_catalog.pg_ts_template'::regclass and t.oid = m.objid) d
     where :arg.whole::boolean
    union all
    select null, null, 0, 6, p.prrelid, null, format('publication %I: table %s', b.pubname, r.name),
           concat_ws(' ', '(' || a.names || ')', 'where ' || pg_catalog.pg_get_expr(p.prqual, p.prrelid)), null, null,
           format('table %s in publication %I', r.name, b.pubname), null, null, null, null, null, null,
           format('alter publication %I add table %s', b.pubname,
                  concat_ws(' ', r.name, '(' || a.names || ')', 'where (' || pg_catalog.pg_get_expr(p.prqual, p.prrelid) || ')')),
           false
      from relation r
      join pg_catalog.pg_publication_rel p on p.prrelid = r.oid
      join pg_catalog.pg_publication b on b.oid = p.prpubid
      left join lateral (select string_agg(a.name, ', ' order by a.attnum) as names
                           from attribute a where a.relation = r.oid and a.attnum = any (p.prattrs::smallint[])) a on true
     where :arg.whole::boolean
    union all
    select null, null, 0, 6, null, null, format('publication %I: schema', b.pubname), '', null, null,
           format('schema in publication %I', b.pubname), null, null, null, null, null, null,
           format('alter publication %I add tables in schema %s', b.pubname, m.called), false
      from member m
      join pg_catalog.pg_publication_namespace p on p.oid = m.objid
                                                and m.classid = 'pg_catalog.pg_publication_namespace'::regclass
      join pg_catalog.pg_publication b on b.oid = p.pnpubid
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_namespace'::regclass, me.schema, 0, 6, null, null, 'schema', null, null, null, 'schema ' || me.called,
           'schema ' || me.called, me.nspacl, 'n', 'schema ' || me.called, null, me.nspowner, null, false
      from me
     where :arg.whole::boolean
