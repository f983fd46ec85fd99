-- Makes the role of platform calls again, with what it and nobody else holds.  A dump of the database has no roles, and
-- a grant to one that is missing is lost when it is restored.
do $block$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = :'platform') then
        execute format('create role %I nologin', :'platform');
    end if;
end
$block$;
grant :"platform" to :"worker";
revoke all on database :"database" from public;
grant connect on database :"database" to :"worker";
revoke all on schema public from public;
grant usage on schema public to :"platform";
alter default privileges revoke execute on functions from public;
alter default privileges in schema public
    grant select, insert, update, delete on tables to :"platform";
grant select, insert, update, delete on all tables in schema public to :"platform";
