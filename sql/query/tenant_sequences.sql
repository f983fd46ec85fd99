-- The next sequence of a schema that has been used, by name.
-- rows: one
select c.relname::text as name, v.last_value
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 cross join lateral (select case when c.relkind = 'S' then pg_sequence_last_value(c.oid) end) v (last_value)
 where n.nspname = :arg.schema and c.relname > :arg.after::name and v.last_value is not null
 order by c.relname
 limit 1
