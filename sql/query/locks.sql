-- The schemas whose tables this transaction has touched, as its locks prove; for explain.
-- rows: none
select distinct n.nspname::text as schema
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where l.pid = pg_catalog.pg_backend_pid()
   and n.nspname not in ('pg_catalog', 'pg_toast', 'information_schema')
 order by 1
 limit 64
