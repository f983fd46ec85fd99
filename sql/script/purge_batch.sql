-- Drops some of a schema's objects, of whatever kind, or the schema, when nothing is left that can be dropped alone.
-- Dropping takes a lock on each object and on what goes with it (of a table: its indexes, its sequences and its TOAST
-- table, about eight); so a batch stays within max_locks_per_transaction.  The order is that of least consequence:
-- partitions before their tables, since a table takes all of its partitions with it; then the newest first, since what
-- uses something is made later.  What one drop takes along is gone when its own turn comes.
--
-- What is another schema's is never taken along: a view of our tables, a key that refers to them, a column of one of
-- our types.  Before each drop it is looked who depends on it, step by step, and at the end who was in the way is told.
do $block$
declare
    home oid := to_regnamespace(quote_ident(:'schema'));
    objects_max integer := greatest(1, current_setting('max_locks_per_transaction')::integer / 8);
    dropped integer := 0;
    obstacles text[] := '{}';
    found text[];
    item record;
begin
    for item in
        select b.classid, b.objid, b.classid = 'pg_catalog.pg_namespace'::regclass as is_schema, o.type, o.identity
          from (select *
                  from (select d.classid, d.objid, row_number() over (
                                   order by coalesce(c.relispartition, false) desc, coalesce(c.relkind = 'p', false),
                                            d.objid desc) as place
                          from pg_catalog.pg_depend d
                          left join pg_catalog.pg_class c on d.classid = 'pg_catalog.pg_class'::regclass
                                                         and c.oid = d.objid
                         where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = home
                           and d.classid not in ('pg_catalog.pg_default_acl'::regclass,
                                                 'pg_catalog.pg_publication_namespace'::regclass)
                           and not exists (select from pg_catalog.pg_depend i
                                            where i.classid = d.classid and i.objid = d.objid and i.objsubid = 0
                                              and i.deptype in ('i', 'e'))
                         order by place
                         limit objects_max) one_by_one
                 union all
                select 'pg_catalog.pg_namespace'::regclass, home, objects_max + 1 where home is not null) b
         cross join lateral pg_catalog.pg_identify_object(b.classid, b.objid, 0) o
         order by b.place
    loop
        if item.is_schema and (dropped > 0 or obstacles <> '{}') then
            continue;
        end if;
        with recursive reached (classid, objid, objsubid) as (
            select item.classid::oid, item.objid::oid, 0
             union
            select n.classid, n.objid, n.objsubid
              from reached r
             cross join lateral (
                   select d.classid, d.objid, d.objsubid
                     from pg_catalog.pg_depend d
                    where d.refclassid = r.classid and d.refobjid = r.objid
                      and (r.objsubid = 0 or d.refobjsubid = r.objsubid)
                    union all
                   -- a part goes with its whole: a view's rule with the view, a function with its extension
                   select d.refclassid, d.refobjid, d.refobjsubid
                     from pg_catalog.pg_depend d
                    where d.classid = r.classid and d.objid = r.objid and d.objsubid in (0, r.objsubid)
                      and d.deptype in ('i', 'e')) n
        )
        select array_agg(pg_catalog.pg_describe_object(r.classid, r.objid, r.objsubid)) into found
          from reached r
         where r.classid not in ('pg_catalog.pg_publication_rel'::regclass,
                                 'pg_catalog.pg_publication_namespace'::regclass)
           and not exists (select from pg_catalog.pg_depend d
                            where d.classid = r.classid and d.objid = r.objid and d.objsubid = r.objsubid
                              and d.deptype = 'i')
           and home is distinct from case r.classid::regclass
               when 'pg_catalog.pg_namespace'::regclass then r.objid
               -- a TOAST table goes with its table
               when 'pg_catalog.pg_class'::regclass then
                   (select case relnamespace when 'pg_toast'::regnamespace then home else relnamespace end
                      from pg_class where oid = r.objid)
               when 'pg_catalog.pg_type'::regclass then (select typnamespace from pg_type where oid = r.objid)
               when 'pg_catalog.pg_proc'::regclass then (select pronamespace from pg_proc where oid = r.objid)
               when 'pg_catalog.pg_constraint'::regclass then
                   (select connamespace from pg_constraint where oid = r.objid)
               when 'pg_catalog.pg_attrdef'::regclass then
                   (select c.relnamespace from pg_attrdef a join pg_class c on c.oid = a.adrelid where a.oid = r.objid)
               when 'pg_catalog.pg_rewrite'::regclass then
                   (select c.relnamespace from pg_rewrite w join pg_class c on c.oid = w.ev_class where w.oid = r.objid)
               -- those of a foreign key go with it, also the ones on the other table
               when 'pg_catalog.pg_trigger'::regclass then
                   (select case when t.tgisinternal then home else c.relnamespace end
                      from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.oid = r.objid)
               when 'pg_catalog.pg_policy'::regclass then
                   (select c.relnamespace from pg_policy p join pg_class c on c.oid = p.polrelid where p.oid = r.objid)
               when 'pg_catalog.pg_statistic_ext'::regclass then
                   (select stxnamespace from pg_statistic_ext where oid = r.objid)
               when 'pg_catalog.pg_operator'::regclass then (select oprnamespace from pg_operator where oid = r.objid)
               when 'pg_catalog.pg_opclass'::regclass then (select opcnamespace from pg_opclass where oid = r.objid)
               when 'pg_catalog.pg_opfamily'::regclass then (select opfnamespace from pg_opfamily where oid = r.objid)
               when 'pg_catalog.pg_amop'::regclass then
                   (select f.opfnamespace from pg_amop a join pg_opfamily f on f.oid = a.amopfamily
                     where a.oid = r.objid)
               when 'pg_catalog.pg_amproc'::regclass then
                   (select f.opfnamespace from pg_amproc a join pg_opfamily f on f.oid = a.amprocfamily
                     where a.oid = r.objid)
               when 'pg_catalog.pg_collation'::regclass then (select collnamespace from pg_collation where oid = r.objid)
               when 'pg_catalog.pg_conversion'::regclass then
                   (select connamespace from pg_conversion where oid = r.objid)
               when 'pg_catalog.pg_ts_config'::regclass then (select cfgnamespace from pg_ts_config where oid = r.objid)
               when 'pg_catalog.pg_ts_dict'::regclass then (select dictnamespace from pg_ts_dict where oid = r.objid)
               when 'pg_catalog.pg_ts_parser'::regclass then (select prsnamespace from pg_ts_parser where oid = r.objid)
               when 'pg_catalog.pg_ts_template'::regclass then
                   (select tmplnamespace from pg_ts_template where oid = r.objid)
               when 'pg_catalog.pg_default_acl'::regclass then
                   (select defaclnamespace from pg_default_acl where oid = r.objid)
               when 'pg_catalog.pg_extension'::regclass then
                   (select extnamespace from pg_extension where oid = r.objid)
               -- a cast is that of either type
               when 'pg_catalog.pg_cast'::regclass then
                   (select y.typnamespace from pg_cast k join pg_type y on y.oid in (k.castsource, k.casttarget)
                     where k.oid = r.objid
                     order by y.typnamespace = home desc
                     limit 1)
               end;
        if found is not null then
            obstacles := obstacles || found;
            continue;
        end if;
        begin
            execute format('drop %s if exists %s cascade',
                           case item.type when 'composite type' then 'type' when 'statistics object' then 'statistics'
                                else item.type end,
                           item.identity);
            dropped := dropped + 1;
        exception
            when others then
                if item.is_schema then
                    raise;
                end if;
        end;
    end loop;
    if dropped = 0 and obstacles <> '{}' then
        raise exception 'what is not the schema''s depends on it, and nothing else is dropped with it: %',
              (select string_agg(name, ', ' order by name) filter (where number <= 5)
                      || case when count(*) > 5 then ' and ' || count(*) - 5 || ' more' else '' end
                 from (select name, row_number() over (order by name) as number
                         from (select distinct unnest(obstacles) as name) d) n);
    end if;
end
$block$;
