-- The next partition in a schema, by name.
-- rows: one
select c.relname::text as name, p.relname::text as parent,
       pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound,
       case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) else '' end as key,
       c.relpersistence = 'u' as is_unlogged
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_inherits i on i.inhrelid = c.oid
  join pg_catalog.pg_class p on p.oid = i.inhparent
 where n.nspname = :arg.schema and c.relname > :arg.after::name and c.relispartition and c.relkind in ('r', 'p')
 order by c.relname
 limit 1
