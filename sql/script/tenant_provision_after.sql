-- Behind migrations of the schema that is first in search_path: what its tenant's calls may not do there, which is to
-- write to the ledger or to change the audit, and which functions they may run.  Those are all of the schema's, also
-- ones that were made before new ones were the role's; but none that runs with its owner's rights, which are those
-- over all tenants.  They are nobody else's.
do $block$
declare
    home oid := current_schema()::regnamespace;
    tenant_role oid := (select r.oid from pg_catalog.pg_roles r where r.rolname = :'role');
    item record;
begin
    if has_table_privilege(tenant_role, 'core_migration', 'insert, update, delete') then
        execute format('revoke insert, update, delete on core_migration from %I', :'role');
    end if;
    if has_table_privilege(tenant_role, 'core_audit', 'update, delete') then
        execute format('revoke update, delete on core_audit from %I', :'role');
    end if;
    if not exists (select from pg_catalog.pg_default_acl f
                    cross join lateral aclexplode(f.defaclacl) a
                    where f.defaclrole = quote_ident(current_user)::regrole and f.defaclnamespace = home and f.defaclobjtype = 'f'
                      and a.grantee = tenant_role) then
        execute format('alter default privileges in schema %I grant execute on functions to %I', current_schema(),
                       :'role');
    end if;
    for item in
        select p.oid::regprocedure as name, p.prosecdef as is_definer, h.is_roles, h.is_everybodys
          from pg_catalog.pg_proc p
         cross join lateral (select count(*) filter (where a.grantee = tenant_role) > 0 as is_roles,
                                    count(*) filter (where a.grantee = 0) > 0 as is_everybodys
                               from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a) h
         -- an extension's are its own matter
         where p.pronamespace = home and pg_has_role(p.proowner, 'usage')
           and not exists (select from pg_catalog.pg_depend d
                            where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
           and (h.is_everybodys or h.is_roles = p.prosecdef)
    loop
        if item.is_everybodys then
            execute format('revoke execute on routine %s from public', item.name);
        end if;
        if item.is_roles and item.is_definer then
            execute format('revoke execute on routine %s from %I', item.name, :'role');
        elsif not item.is_roles and not item.is_definer then
            execute format('grant execute on routine %s to %I', item.name, :'role');
        end if;
    end loop;
end
$block$;
