-- What is true of the installation as a whole: its logins, the database, the schema public, what runs by itself.
-- rows: many into checks
with me as (
    select i.id, c.relowner as owner, w.oid as worker, p.oid as platform, b.oid as database, b.datdba,
           coalesce(b.datacl, acldefault('d', b.datdba)) as datacl, n.oid as public, n.nspowner,
           coalesce(n.nspacl, acldefault('n', n.nspowner)) as nspacl
      from public.core_installation i
      join pg_catalog.pg_class c on c.oid = 'public.tenants_tenant'::regclass
      join pg_catalog.pg_roles w on w.rolname = i.worker_login
      join pg_catalog.pg_roles p on p.rolname = i.platform_role
      join pg_catalog.pg_database b on b.datname = current_database()
      join pg_catalog.pg_namespace n on n.nspname = 'public'
), login as (
    select r.*, case r.oid when me.worker then 'the workers'' login' when me.owner then 'the owner''s login'
                           else 'the platform''s role' end as name
      from me join pg_catalog.pg_roles r on r.oid in (me.worker, me.owner, me.platform)
), found as (
    select 'roles' as subject, 'a login has attributes' as attempt, l.name || ': ' || a.name as what
      from me, login l
     cross join lateral (values (l.rolsuper, 'superuser'), (l.rolbypassrls and l.oid <> me.owner, 'bypassrls'),
                                (l.rolreplication, 'replication'),
                                (l.rolcreaterole and l.oid <> me.owner, 'createrole'),
                                (l.rolcreatedb and l.oid <> me.owner, 'createdb'),
                                (l.rolinherit and l.oid = me.worker, 'inherit'),
                                (l.rolcanlogin and l.oid = me.platform, 'login')) a (has, name)
     where a.has
    union all
    select 'roles', 'a login or the database has settings',
           coalesce(nullif(s.setrole, 0)::regrole::text, 'all roles') || ': ' || x.setting
      from me
      join pg_catalog.pg_db_role_setting s
        on s.setrole in (0, me.worker, me.owner, me.platform) and s.setdatabase in (0, me.database)
     cross join lateral unnest(s.setconfig) x (setting)
     where split_part(x.setting, '=', 1) in ('search_path', 'role', 'session_authorization', 'row_security',
                                             'session_replication_role', 'session_preload_libraries',
                                             'local_preload_libraries')
    union all
    select 'roles', 'the workers'' login is a member of other roles',
           m.roleid::regrole::text || case when m.admin_option then ' with admin option' else '' end
      from me join pg_catalog.pg_auth_members m on m.member = me.worker
     where m.admin_option or m.roleid::regrole::text !~ ('^ciq_' || me.id || '_(platform|[0-9]+)$')
    union all
    select 'roles', 'others can take a role of the installation', m.member::regrole::text || ': ' || l.name
      from me, login l
      join pg_catalog.pg_auth_members m on m.roleid = l.oid
     -- from PostgreSQL 16 on whoever makes a role is a member
     where not (l.oid = me.platform and (m.member = me.owner or m.member = me.worker and not m.admin_option))
    union all
    select 'roles', 'the platform''s role is a member of others', m.roleid::regrole::text
      from me join pg_catalog.pg_auth_members m on m.member = me.platform
    union all
    select 'roles', 'the workers'' login holds or owns something', pg_describe_object(d.classid, d.objid, d.objsubid)
      from me
      join pg_catalog.pg_shdepend d on d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = me.worker
     where d.dbid in (0, me.database)
       and not (d.classid = 'pg_catalog.pg_database'::regclass and d.deptype = 'a')
    union all
    select 'public', 'rights on the database', a.grantee::regrole::text || ': ' || lower(a.privilege_type)
      from me cross join lateral aclexplode(me.datacl) a
     where a.grantee in (me.worker, me.platform)
       and (a.grantee = me.platform or a.privilege_type <> 'CONNECT' or a.is_grantable)
    union all
    select 'public', 'rights on the database', 'everybody: ' || lower(a.privilege_type)
      from me cross join lateral aclexplode(me.datacl) a
     where a.grantee = 0
    union all
    select 'public', 'rights on the schema public',
           {grantee} || ': ' || lower(a.privilege_type)
      from me cross join lateral aclexplode(me.nspacl) a
     where a.grantee not in (me.nspowner, me.owner)
       and not (a.grantee = me.platform and a.privilege_type = 'USAGE' and not a.is_grantable)
    union all
    select 'public', 'rights on tables of the platform',
           {grantee} || ': '
           || lower(string_agg(a.privilege_type, ', ' order by a.privilege_type)) || ' on ' || c.relname
      from me
      join pg_catalog.pg_class c on c.relnamespace = me.public
     cross join lateral aclexplode(c.relacl) a
     where a.grantee not in (me.owner, me.platform, c.relowner)
     group by a.grantee, c.relname
    union all
    select 'public', 'rights on tables of the platform',
           {grantee} || ': ' || lower(a.privilege_type) || ' on ' || c.relname || '.' || t.attname
      from me
      join pg_catalog.pg_class c on c.relnamespace = me.public
      join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attacl is not null
     cross join lateral aclexplode(t.attacl) a
     where a.grantee not in (me.owner, me.platform, c.relowner)
    union all
    select 'public', 'rights on functions of the platform', p.proname || '(): everybody may run it'
      from me
      join pg_catalog.pg_proc p on p.pronamespace = me.public
     cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
     where a.grantee = 0
    union all
    select 'public', 'default privileges for everybody',
           lower(a.privilege_type) || ' on new '
           || case f.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                                   else 'schemas' end
           || ' of ' || f.defaclrole::regrole
      from pg_catalog.pg_default_acl f
     cross join lateral aclexplode(f.defaclacl) a
     where a.grantee = 0 and f.defaclobjtype <> 'T'
    union all
    select 'public', 'default privileges for everybody', 'execute on new functions of ' || me.owner::regrole
      from me
     where not exists (select from pg_catalog.pg_default_acl f
                        where f.defaclrole = me.owner and f.defaclnamespace = 0 and f.defaclobjtype = 'f')
    union all
    select 'owners', 'tables of the platform belong to others', c.relname || ' is ' || c.relowner::regrole || '''s'
      from me
      join pg_catalog.pg_class c on c.relnamespace = me.public and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
     where c.relowner <> me.owner
       and not exists (select from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    union all
    select 'triggers', 'event triggers', e.evtname::text
      from pg_catalog.pg_event_trigger e
     where e.evtenabled <> 'D'
    union all
    select 'functions', 'functions outside tenants'' schemas with their owner''s rights',
           p.oid::regprocedure || ' of ' || p.proowner::regrole
      from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
       and not exists (select from public.tenants_tenant t where t.schema_name = n.nspname)
)
select '' as schema_name, k.subject, {isolation_answer}
  from (values (1, 'roles', 'a login has attributes'),
               (2, 'roles', 'a login or the database has settings'),
               (3, 'roles', 'the workers'' login is a member of other roles'),
               (4, 'roles', 'others can take a role of the installation'),
               (5, 'roles', 'the platform''s role is a member of others'),
               (6, 'roles', 'the workers'' login holds or owns something'),
               (7, 'owners', 'tables of the platform belong to others'),
               (8, 'public', 'rights on the database'),
               (9, 'public', 'rights on the schema public'),
               (10, 'public', 'rights on tables of the platform'),
               (11, 'public', 'rights on functions of the platform'),
               (12, 'public', 'default privileges for everybody'),
               (13, 'triggers', 'event triggers'),
               (14, 'functions', 'functions outside tenants'' schemas with their owner''s rights')) k
       (number, subject, attempt)
  left join found f on f.subject = k.subject and f.attempt = k.attempt
 order by k.number, got
 limit 200
