-- Tries what must be impossible, as whoever the transaction's role is, and says in the setting ciq.isolation how
-- each attempt ended.  Each one is taken back, whether it was refused or not.
do $block$
declare
    item record;
    outcome text;
    results jsonb := '[]';
begin
    if :'who' = 'worker' then
        perform set_config('role', 'none', true);
    end if;
    for item in
        select a.subject, a.attempt, a.expected, a.statement
          from (values
            ('tenant', 'own rows', 'read its own users',
             case when :'state' = 'active' then 'allowed' else 'refused' end, 'select from {own}.users_customuser'),
            ('tenant', 'other tenants', 'read another tenant''s users', 'refused',
             'select from {other}.users_customuser'),
            ('tenant', 'other tenants', 'insert into another tenant''s groups', 'refused',
             'insert into {other}.auth_group (name) values (''isolation'')'),
            ('tenant', 'other tenants', 'update another tenant''s users', 'refused',
             'update {other}.users_customuser set first_name = first_name'),
            ('tenant', 'other tenants', 'delete another tenant''s sessions', 'refused',
             'delete from {other}.core_session'),
            ('tenant', 'other tenants', 'read another tenant''s audit', 'refused',
             'select from {other}.core_audit'),
            ('tenant', 'platform', 'read the registry of tenants', 'refused',
             'select from public.tenants_tenant'),
            ('tenant', 'platform', 'read the domains', 'refused', 'select from public.tenants_domain'),
            ('tenant', 'platform', 'read the superusers', 'refused', 'select from public.platform_superuser'),
            ('tenant', 'platform', 'read the platform''s sessions', 'refused',
             'select from public.platform_session'),
            ('tenant', 'platform', 'read the installation''s key', 'refused',
             'select key from public.core_installation'),
            ('tenant', 'platform', 'read the demo requests', 'refused', 'select from public.demo_demorequest'),
            ('tenant', 'platform', 'read the pool of roles', 'refused', 'select from public.role_pool'),
            ('tenant', 'platform', 'update the registry of tenants', 'refused',
             'update public.tenants_tenant set name = name'),
            ('tenant', 'platform', 'delete the platform''s audit', 'refused', 'delete from public.core_audit'),
            ('tenant', 'create', 'create a table in its own schema', 'refused',
             'create table {own}.isolation (id bigint)'),
            ('tenant', 'create', 'create a table in another tenant''s schema', 'refused',
             'create table {other}.isolation (id bigint)'),
            ('tenant', 'create', 'create a table in the schema public', 'refused',
             'create table public.isolation (id bigint)'),
            ('tenant', 'create', 'create a temporary table', 'refused',
             'create temporary table isolation (id bigint)'),
            ('tenant', 'create', 'create a schema', 'refused', 'create schema ciq_isolation'),
            ('tenant', 'create', 'create a function', 'refused',
             'create function {own}.isolation() returns integer language sql as ''select 1'''),
            ('tenant', 'create', 'create a role', 'refused', 'create role ciq_isolation'),
            ('tenant', 'own tables', 'add a column to its users', 'refused',
             'alter table {own}.users_customuser add column isolation text'),
            ('tenant', 'own tables', 'truncate its groups', 'refused', 'truncate {own}.auth_group cascade'),
            ('tenant', 'own tables', 'drop its groups', 'refused', 'drop table {own}.auth_group cascade'),
            ('tenant', 'append only', 'insert into its ledger', 'refused',
             'insert into {own}.core_migration (app, name, checksum) values (''a'', ''b'', ''c'')'),
            ('tenant', 'append only', 'delete its ledger', 'refused', 'delete from {own}.core_migration'),
            ('tenant', 'append only', 'update its audit', 'refused', 'update {own}.core_audit set code = code'),
            ('tenant', 'append only', 'delete its audit', 'refused', 'delete from {own}.core_audit'),
            ('tenant', 'files', 'read a file of the database server', 'refused',
             'select pg_read_file(''PG_VERSION'')'),
            ('tenant', 'files', 'run a program on the database server', 'refused',
             'copy (select 1) to program ''cat >/dev/null'''),
            ('tenant', 'role', 'make itself a superuser', 'refused', 'alter role {role} superuser'),
            ('login', 'role', 'set another tenant''s role', 'refused', 'set local role {other_role}'),
            ('login', 'role', 'set the platform''s role', 'refused', 'set local role {platform}'),
            ('login', 'role', 'set the workers'' login', 'refused', 'set local role {worker}'),

            ('worker', 'without a role', 'read the tenant''s users', 'refused',
             'select from {own}.users_customuser'),
            ('worker', 'without a role', 'write the tenant''s groups', 'refused',
             'insert into {own}.auth_group (name) values (''isolation'')'),
            ('worker', 'without a role', 'drop the tenant''s groups', 'refused',
             'drop table {own}.auth_group cascade'),

            ('bare', 'without a role', 'read the registry of tenants', 'refused',
             'select from public.tenants_tenant'),
            ('bare', 'without a role', 'read the superusers', 'refused',
             'select from public.platform_superuser'),
            ('bare', 'without a role', 'read the installation''s key', 'refused',
             'select key from public.core_installation'),
            ('bare', 'without a role', 'create a table in the schema public', 'refused',
             'create table public.isolation (id bigint)'),
            ('bare', 'without a role', 'create a temporary table', 'refused',
             'create temporary table isolation (id bigint)'),
            ('bare', 'without a role', 'create a schema', 'refused', 'create schema ciq_isolation'),
            ('bare', 'without a role', 'create a role', 'refused', 'create role ciq_isolation'),
            ('bare', 'without a role', 'set the owner''s login', 'refused', 'set local role {owner}'),
            ('bare', 'without a role', 'run a program on the database server', 'refused',
             'copy (select 1) to program ''cat >/dev/null'''),

            ('platform', 'platform role', 'read the registry of tenants', 'allowed',
             'select from public.tenants_tenant'),
            ('platform', 'platform role', 'read a tenant''s users', 'refused',
             'select from {other}.users_customuser'),
            ('platform', 'platform role', 'create a table in the schema public', 'refused',
             'create table public.isolation (id bigint)'),
            ('platform', 'platform role', 'create a temporary table', 'refused',
             'create temporary table isolation (id bigint)'),
            ('platform', 'platform role', 'create a schema', 'refused', 'create schema ciq_isolation'),
            ('platform', 'platform role', 'drop the registry of tenants', 'refused',
             'drop table public.tenants_tenant cascade'),
            ('platform', 'platform role', 'read the pool of roles', 'refused', 'select from public.role_pool'),
            ('platform', 'append only', 'insert into the platform''s ledger', 'refused',
             'insert into public.core_migration (app, name, checksum) values (''a'', ''b'', ''c'')'),
            ('platform', 'append only', 'delete the platform''s ledger', 'refused',
             'delete from public.core_migration'),
            ('platform', 'append only', 'change the installation''s key', 'refused',
             'update public.core_installation set key = key'),
            ('platform', 'append only', 'update the platform''s audit', 'refused',
             'update public.core_audit set code = code'),
            ('platform', 'append only', 'delete the platform''s audit', 'refused',
             'delete from public.core_audit')
          ) a (who, subject, attempt, expected, statement)
         where (a.who = :'who' or (a.who = 'login' and :'login' = 'yes' and :'who' = 'tenant')
                or (a.who = 'bare' and :'who' = 'worker' and :'own' = ''))
           and (a.who <> 'worker' or :'own' <> '')
           and (strpos(a.statement, '{other') = 0 or :'other' <> '')
    loop
        begin
            execute replace(replace(replace(replace(replace(replace(replace(item.statement,
                '{own}', quote_ident(:'own')), '{other}', quote_ident(:'other')),
                '{role}', quote_ident(:'role')), '{other_role}', quote_ident(:'other_role')),
                '{platform}', quote_ident(:'platform')), '{worker}', quote_ident(:'worker')),
                '{owner}', quote_ident(:'owner'));
            raise exception using errcode = 'CIQ00'; -- so that it is taken back
        exception
            when insufficient_privilege then
                outcome := 'refused';
            when sqlstate 'CIQ00' then
                outcome := 'allowed';
            when others then
                outcome := sqlstate || ' ' || sqlerrm;
        end;
        results := results || jsonb_build_object('subject', item.subject, 'attempt', item.attempt,
                                                 'expected', item.expected, 'got', outcome);
    end loop;
    perform set_config('ciq.isolation', results::text, true);
end
$block$;
