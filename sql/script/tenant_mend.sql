-- Gives a tenant's role what it was given when the tenant was made.  A dump of the database has no roles, and a grant
-- to one that is missing is lost when it is restored.
do $block$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = :'role') then
        execute format('create role %I nologin', :'role');
    end if;
    if not exists (select from pg_catalog.pg_auth_members m
                     join pg_catalog.pg_roles r on r.oid = m.roleid
                     join pg_catalog.pg_roles w on w.oid = m.member
                    where r.rolname = :'role' and w.rolname = :'worker') then
        execute format('grant %I to %I', :'role', :'worker');
    end if;
    if :'state' = 'active' then
        execute format('grant usage on schema %I to %I', :'schema', :'role');
    end if;
end
$block$;
grant select, insert, update, delete on all tables in schema :"schema" to :"role";
grant usage, select on all sequences in schema :"schema" to :"role";
select set_config('search_path', :'path', true);
