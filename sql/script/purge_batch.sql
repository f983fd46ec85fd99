-- Drops some of the tables, the newest first.  Dropping a table also locks its indexes, its sequence and its TOAST
-- table: with about eight locks each, a batch stays within max_locks_per_transaction.
do $block$
declare
    tables_max integer := greatest(1, current_setting('max_locks_per_transaction')::integer / 8);
    name text;
begin
    for name in
        select c.relname
          from pg_catalog.pg_class c
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where n.nspname = :'schema' and c.relkind in ('r', 'p') and pg_catalog.pg_has_role(c.relowner, 'usage')
         order by c.oid desc
         limit tables_max
    loop
        execute format('drop table %I.%I cascade', :'schema', name);
    end loop;
end
$block$;
