-- Drops some of a schema's objects, of whatever kind.  Dropping takes a lock on each object and on what goes with it
-- (of a table: its indexes, its sequences and its TOAST table, about eight); so a batch stays within
-- max_locks_per_transaction.  The order is that of least consequence: partitions before their tables, since a table
-- takes all of its partitions with it; then the newest first, since what uses something is made later.  What one drop
-- takes along is gone when its own turn comes.  What cannot be dropped alone is left to the drop of the schema.
do $block$
declare
    objects_max integer := greatest(1, current_setting('max_locks_per_transaction')::integer / 8);
    item record;
begin
    for item in
        select o.type, o.identity
          from pg_catalog.pg_depend d
          join pg_catalog.pg_namespace n on n.oid = d.refobjid
         cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
          left join pg_catalog.pg_class c on d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid
         where d.refclassid = 'pg_catalog.pg_namespace'::regclass and n.nspname = :'schema'
           and not exists (select from pg_catalog.pg_depend i
                            where i.classid = d.classid and i.objid = d.objid and i.objsubid = 0
                              and i.deptype in ('i', 'e'))
         order by coalesce(c.relispartition, false) desc, coalesce(c.relkind = 'p', false), d.objid desc
         limit objects_max
    loop
        begin
            execute format('drop %s if exists %s cascade',
                           case item.type when 'composite type' then 'type' when 'statistics object' then 'statistics'
                                else item.type end,
                           item.identity);
        exception
            when others then
                null;
        end;
    end loop;
end
$block$;
