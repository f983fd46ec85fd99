-- The next table of a tenant's schema whose rows go with the tenant into a clone or an archive, by name; its
-- columns and their types, one a line; and what reads its rows, and counts them with a checksum that the order of rows
-- or columns does not change.
-- Children that inherit are tables of their own; a partitioned table is read as a whole.  A type of the same schema is
-- written without it.  What stays behind: the ledger, which whoever makes the schema writes; sessions, links and API
-- keys, whose tokens name the tenant's number; mail, which would be sent twice; and replies to calls of the old tenant.
-- rows: one
select c.relname::text as name, coalesce(a.names, '') as columns, coalesce(a.types, '') as types,
       format('copy (select %s from %s%I.%I) to stdout', a.list, o.only, n.nspname, c.relname) as copy_out,
       format('select count(*) || '' '' || coalesce(sum((''x'' || substr(encode(sha256(convert_to(row(%s)::text, ''UTF8'')), '
              '''hex''), 1, 16))::bit(64)::bigint), 0) from %s%I.%I', a.by_name, o.only, n.nspname, c.relname) as count
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 cross join lateral (select case c.relkind when 'r' then 'only ' else '' end as only) o
 cross join lateral (select string_agg(t.attname::text, E'\n' order by t.attnum) as names,
                            string_agg(t.attname::text || ' ' || {own_type}, E'\n' order by t.attnum) as types,
                            string_agg(quote_ident(t.attname), ', ' order by t.attnum) as list,
                            string_agg(quote_ident(t.attname), ', ' order by t.attname) as by_name
                       from pg_catalog.pg_attribute t
                       join pg_catalog.pg_type y on y.oid = t.atttypid
                       left join pg_catalog.pg_type e on e.oid = y.typelem and y.typcategory = 'A'
                      where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = '') a
 where n.nspname = :arg.schema and c.relname > :arg.after::name
   and c.relkind in ('r', 'p') and not c.relispartition
   and c.relname not in ({stays_behind})
 order by c.relname
 limit 1
