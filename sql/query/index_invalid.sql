-- An index that a broken create index concurrently has left, and that nobody is making now.
-- rows: one
select c.relname::text as name
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = :arg.schema and not i.indisvalid and c.relkind = 'i'
   and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid)
 order by c.relname
 limit 1
