-- The statements that give tables that were made again the rows that their migrations insert, a line each.  A type of
-- the scratch schema is not that of the tenant's: such values go through text.
-- rows: one
select coalesce(string_agg(concat(case when c.relforcerowsecurity
                                       then format('alter table %I.%I no force row level security; ', n.nspname, c.relname) end,
                                  format('insert into %I.%I (%s) overriding system value select %s from %I.%I',
                                         :arg.schema, c.relname, a.names, a.casts, n.nspname, c.relname)),
                           E'\n' order by c.oid), '') as statements
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
                             and d.classid = 'pg_catalog.pg_class'::regclass
  join pg_catalog.pg_class c on c.oid = d.objid and c.relkind = 'r'
  cross join lateral (
       select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as names,
              string_agg(quote_ident(a.attname) || case when strpos(t.name, quote_ident(n.nspname) || '.') > 0
                                                        then '::text::' || replace(t.name, quote_ident(n.nspname) || '.',
                                                                                   quote_ident(:arg.schema) || '.')
                                                        else '' end, ', ' order by a.attnum) as casts
         from pg_catalog.pg_attribute a
        cross join lateral (select pg_catalog.format_type(a.atttypid, a.atttypmod) as name) t
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') a
 where n.nspname = :arg.scratch and a.names is not null
   and quote_ident(c.relname) = any (string_to_array(:arg.tables, E'\n'))
