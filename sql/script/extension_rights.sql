-- Who calls may use what is in the schemas of extensions: usage of the schema, and its functions, which are nobody's
-- where the owner's login made them.  None that runs with its owner's rights is given to anybody.  What is another
-- login's is left to that one.
do $block$
declare
    item record;
begin
    for item in
        select n.nspname
          from pg_catalog.pg_namespace n
         where n.nspname = any (string_to_array(:'schemas', ',')) and pg_has_role(n.nspowner, 'usage')
           and not exists (select from aclexplode(n.nspacl) a where a.grantee = 0 and a.privilege_type = 'USAGE')
    loop
        execute format('grant usage on schema %I to public', item.nspname);
    end loop;
    for item in
        select p.oid::regprocedure as name
          from pg_catalog.pg_proc p
          join pg_catalog.pg_namespace n on n.oid = p.pronamespace
         where n.nspname = any (string_to_array(:'schemas', ',')) and not p.prosecdef
           and pg_has_role(p.proowner, 'usage')
           and not exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                            where a.grantee = 0)
    loop
        execute format('grant execute on routine %s to public', item.name);
    end loop;
end
$block$;
