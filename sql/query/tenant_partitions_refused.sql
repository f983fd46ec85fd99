-- Why a partition that no migration has made (it is in a tenant's schema, and not in the one that they have just made)
-- cannot be made again, in words; the first reason, null if there is none.  An archive can only have keys of columns:
-- an expression would have to be run as it stands there.
-- rows: one
select (select format('the partition %s, which no migration makes, has %s: that cannot be carried', c.relname, x.what)
          from pg_catalog.pg_class c
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         cross join lateral (
            select 'a trigger of its own, ' || g.tgname from pg_catalog.pg_trigger g
             where g.tgrelid = c.oid and not g.tgisinternal and g.tgparentid = 0
            union all
            select 'a rule of its own, ' || w.rulename from pg_catalog.pg_rewrite w where w.ev_class = c.oid
            union all
            select 'row level security of its own' where c.relrowsecurity
            union all
            select 'a key of more than columns, ' || k.def
              from (select pg_catalog.pg_get_partkeydef(c.oid) where c.relkind = 'p') k (def)
             where :arg.is_archive::boolean and k.def !~ {partition_key}
         ) x (what)
         where n.nspname = :arg.schema and c.relispartition and c.relkind in ('r', 'p')
           and not exists (select from pg_catalog.pg_class d
                             join pg_catalog.pg_namespace m on m.oid = d.relnamespace
                            where m.nspname = :arg.made and d.relname = c.relname and d.relispartition)
         order by c.relname, x.what
         limit 1) as reason
