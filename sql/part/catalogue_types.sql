-- Types, collations and conversions.
    select 'pg_catalog.pg_type'::regclass, y.oid, 0, 1, null::oid, null, 'type ' || quote_ident(y.typname),
           d.word || ' ' || d.definition, null, null, d.label || ' ' || quote_ident(y.typname),
           d.label || ' ' || quote_ident(y.typname), y.typacl, 'T', 'type ' || quote_ident(y.typname), null, y.typowner,
           case when y.typtype <> 'b'
                then format('create %s %I %s%s', d.label, y.typname, case when y.typtype <> 'p' then 'as ' end,
                            case y.typtype when 'c' then '' when 'd' then '' when 'p' then '' else d.word || ' ' end
                            || d.definition) end, false
      from member m
      join pg_catalog.pg_type y on y.oid = m.objid and m.classid = 'pg_catalog.pg_type'::regclass
      left join pg_catalog.pg_range g on g.rngtypid = y.oid and y.typtype = 'r'
     cross join lateral (
           select case when y.typtype = 'd' then 'domain' else 'type' end as label,
                  case y.typtype when 'e' then 'enum' when 'd' then 'domain over' when 'r' then 'range'
                                 when 'c' then 'composite' when 'p' then 'shell' else 'base' end as word,
                  case y.typtype
                      when 'e' then (select '(' || string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) || ')'
                                       from pg_catalog.pg_enum e where e.enumtypid = y.oid)
                      when 'd' then concat_ws(' ', pg_catalog.format_type(y.typbasetype, y.typtypmod),
                                              (select 'collate ' || y.typcollation::regcollation
                                                 from pg_catalog.pg_type b
                                                where b.oid = y.typbasetype and b.typcollation <> y.typcollation),
                                              'default ' || pg_catalog.pg_get_expr(y.typdefaultbin, 0),
                                              case when y.typnotnull then 'not null' end)
                      when 'r' then format('(%s)', concat_ws(', ',
                                'subtype = ' || pg_catalog.format_type(g.rngsubtype, null),
                                (select 'subtype_opclass = ' || case when pg_catalog.pg_opclass_is_visible(o.oid) then quote_ident(o.opcname)
                                                                     else format('%s.%I', o.opcnamespace::regnamespace, o.opcname) end
                                   from pg_catalog.pg_opclass o where o.oid = g.rngsubopc and not o.opcdefault),
                                (select 'collation = ' || g.rngcollation::regcollation
                                   from pg_catalog.pg_type b
                                  where b.oid = g.rngsubtype and b.typcollation <> g.rngcollation),
                                'canonical = ' || nullif(g.rngcanonical, 0)::regproc::text,
                                'subtype_diff = ' || nullif(g.rngsubdiff, 0)::regproc::text,
                                (select format('multirange_type_name = %I', b.typname)
                                   from pg_catalog.pg_type b where b.oid = g.rngmultitypid)))
                      when 'c' then (select format('(%s)', string_agg(concat(quote_ident(a.attname), ' ',
                                                       pg_catalog.format_type(a.atttypid, a.atttypmod),
                                                       case when a.attcollation <> b.typcollation
                                                            then ' collate ' || a.attcollation::regcollation end),
                                                       ', ' order by a.attnum))
                                       from pg_catalog.pg_attribute a join pg_catalog.pg_type b on b.oid = a.atttypid
                                      where a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped)
                      else '' end as definition) d
     where :arg.whole::boolean and y.typtype in ('e', 'd', 'r', 'c', 'b', 'p')
    union all
    select 'pg_catalog.pg_class'::regclass, y.typrelid, a.attnum, 1, null, null,
           format('type %I: attribute %I', y.typname, a.attname), null, null, null,
           format('attribute %I of %I', a.attname, y.typname), format('column %I.%I', y.typname, a.attname),
           null, null, null, null, null, null, false
      from member m
      join pg_catalog.pg_type y on y.oid = m.objid and m.classid = 'pg_catalog.pg_type'::regclass and y.typtype = 'c'
      join pg_catalog.pg_attribute a on a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_constraint'::regclass, k.oid, 0, 1, null, null,
           format('type %I: constraint %I', y.typname, k.conname), d.definition, d.definition || ' NOT VALID',
           format('alter domain %I validate constraint %I', y.typname, k.conname),
           format('constraint %I of %I', k.conname, y.typname), format('constraint %I on domain %I', k.conname, y.typname),
           null, null, null, null, null, format('alter domain %I add constraint %I %s', y.typname, k.conname, d.definition),
           k.convalidated
      from member m
      join pg_catalog.pg_type y on y.oid = m.objid and m.classid = 'pg_catalog.pg_type'::regclass and y.typtype = 'd'
      join pg_catalog.pg_constraint k on k.contypid = y.oid and k.contype <> 'n'
     cross join lateral (select pg_catalog.pg_get_constraintdef(k.oid) as definition) d
     where :arg.whole::boolean
    union all
    -- some columns have another name in another version of PostgreSQL: read by name
    select 'pg_catalog.pg_collation'::regclass, c.oid, 0, 1, null, null, 'collation ' || quote_ident(c.collname),
           d.definition, null, null, 'collation ' || quote_ident(c.collname), 'collation ' || quote_ident(c.collname),
           null, null, null, null, null, format('create collation %I (%s)', c.collname, d.definition), false
      from member m
      join pg_catalog.pg_collation c on c.oid = m.objid and m.classid = 'pg_catalog.pg_collation'::regclass
     cross join lateral (
           select concat_ws(', ', 'provider = ' || case c.collprovider when 'i' then 'icu' when 'b' then 'builtin'
                                                                      else 'libc' end,
                            'locale = ' || quote_literal(coalesce(j ->> 'colliculocale', j ->> 'colllocale')),
                            'lc_collate = ' || quote_literal(c.collcollate), 'lc_ctype = ' || quote_literal(c.collctype),
                            'rules = ' || quote_literal(j ->> 'collicurules'),
                            case when not c.collisdeterministic then 'deterministic = false' end) as definition
             from (select to_jsonb(c)) t (j)) d
     where :arg.whole::boolean
    union all
    select 'pg_catalog.pg_conversion'::regclass, c.oid, 0, 1, null, null, 'conversion ' || quote_ident(c.conname),
           concat_ws(' ', case when c.condefault then 'default' end, d.definition), null, null, 'conversion ' || quote_ident(c.conname), 'conversion ' || quote_ident(c.conname),
           null, null, null, null, null,
           format('create %sconversion %I %s', case when c.condefault then 'default ' end, c.conname, d.definition), false
      from member m
      join pg_catalog.pg_conversion c on c.oid = m.objid and m.classid = 'pg_catalog.pg_conversion'::regclass
     cross join lateral (select format('for %L to %L from %s', pg_catalog.pg_encoding_to_char(c.conforencoding),
                                       pg_catalog.pg_encoding_to_char(c.contoencoding), c.conproc::text) as definition) d
     where :arg.whole::boolean
