-- The statements that set sequences that were made again, a line each: to where the migrations leave them, and behind the
-- values of the columns that they number.
-- rows: one
select coalesce(string_agg(
           format('select pg_catalog.setval(%L, %s(s.last_value, q.last_value%s), s.is_called or q.is_called%s) '
                  'from %I.%I s, %I.%I q', format('%I.%I', :arg.schema, c.relname), v.furthest, ', ' || u.values,
                  ' or coalesce(' || u.values || ') is not null', n.nspname, c.relname, :arg.schema, c.relname),
           E'\n' order by c.oid), '') as statements
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
                             and d.classid = 'pg_catalog.pg_class'::regclass
  join pg_catalog.pg_class c on c.oid = d.objid and c.relkind = 'S'
  join pg_catalog.pg_sequence e on e.seqrelid = c.oid
  join pg_catalog.pg_class t on t.relname = c.relname and t.relkind = 'S'
                            and t.relnamespace = pg_catalog.to_regnamespace(quote_ident(:arg.schema))
 cross join lateral (select case when e.seqincrement > 0 then 'greatest' else 'least' end as furthest,
                            case when e.seqincrement > 0 then 'max' else 'min' end as last) v
  left join lateral (
       select p.refobjid as relation, p.deptype
         from pg_catalog.pg_depend p
        where p.classid = 'pg_catalog.pg_class'::regclass and p.objid = c.oid and p.deptype in ('a', 'i')
          and p.refclassid = 'pg_catalog.pg_class'::regclass) o on true
  left join pg_catalog.pg_class owner on owner.oid = o.relation
 cross join lateral (
       -- whatever has the sequence as its default: the default is what depends on it
       select string_agg(format('(select %s(%I)::bigint from %s)', v.last, a.attname, a.attrelid::regclass), ', ') as values
         from pg_catalog.pg_depend p
         join pg_catalog.pg_attrdef f on f.oid = p.objid
         join pg_catalog.pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
        where p.classid = 'pg_catalog.pg_attrdef'::regclass and p.refclassid = 'pg_catalog.pg_class'::regclass
          and p.refobjid = t.oid and a.attgenerated = ''
          and a.atttypid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype)) u
 where n.nspname = :arg.scratch
   and (quote_ident(c.relname) = any (string_to_array(:arg.sequences, E'\n'))
        or quote_ident(owner.relname) = any (string_to_array(:arg.tables, E'\n')))
