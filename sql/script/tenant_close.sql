-- From here on the database itself refuses the tenant's role, on every server, and no session is left.  A schema, role
-- or table that somebody has dropped in the database is skipped.
do $block$
begin
    if to_regnamespace(quote_ident(:'schema')) is null then
        return;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = :'role') then
        execute format('revoke usage on schema %I from %I', :'schema', :'role');
    end if;
    if to_regclass(format('%I.core_session', :'schema')) is not null then
        execute format('delete from %I.core_session', :'schema');
    end if;
end
$block$;
