-- In a PostgreSQL that is this installation's alone: drops the roles of one that was there before, whose database is
-- gone, as where a dump was restored in place of a new installation.  Whoever still holds or owns something stays.
do $block$
declare
    item record;
begin
    for item in
        select r.rolname
          from pg_catalog.pg_roles r
         cross join public.core_installation i
         where r.rolname ~ '^ciq_[0-9a-f]{8}_(platform|[0-9]+)$' and not starts_with(r.rolname, 'ciq_' || i.id || '_')
           and not exists (select from pg_catalog.pg_shdepend d
                            where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = r.oid)
         limit 1000
    loop
        execute format('drop role %I', item.rolname);
    end loop;
end
$block$;
