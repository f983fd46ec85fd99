-- Creates a block of tenant roles in advance: each change of membership makes the next SET ROLE on every connection
-- slow, so such changes are made seldom, and many at a time.  Roles belong to the whole PostgreSQL: after an older dump
-- was restored, some that are newer than the dump are still there, and their numbers are passed over.
do $block$
declare
    number bigint;
    name text;
begin
    perform pg_advisory_xact_lock(742001);
    for i in 1 .. (:'count')::integer loop
        loop
            number := nextval('public.role_number');
            name := :'prefix' || number;
            exit when not exists (select from pg_catalog.pg_roles r where r.rolname = name);
        end loop;
        execute format('create role %I nologin', name);
        execute format('grant %I to %I', name, :'worker');
        insert into public.role_pool (role, number) values (name, number);
    end loop;
end
$block$;
