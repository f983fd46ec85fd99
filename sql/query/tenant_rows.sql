-- The next table of a tenant's schema whose rows go with the tenant into a clone or an archive, by name; its
-- columns, one a line.  What stays behind: the ledger, which whoever makes the schema writes; sessions, links and
-- API keys, whose tokens name the tenant's number; mail, which would be sent twice; and replies to calls of the old
-- tenant.
-- rows: one
select c.relname::text as name, coalesce(a.names, '') as columns,
       format('copy (select %s from %I.%I) to stdout', a.list, n.nspname, c.relname) as copy_out
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 cross join lateral (select string_agg(attname::text, E'\n' order by attnum) as names,
                            string_agg(quote_ident(attname), ', ' order by attnum) as list
                       from pg_catalog.pg_attribute
                      where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') a
 where n.nspname = :arg.schema and c.relname > :arg.after::name
   and c.relkind in ('r', 'p') and not c.relispartition
   and c.relname not in ('core_migration', 'core_idempotency', 'core_outbox', 'core_session', 'core_api_key',
                         'users_token')
 order by c.relname
 limit 1
