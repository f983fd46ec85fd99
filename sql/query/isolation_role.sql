-- The attributes of a tenant's role, which must be a name with rights on rows and nothing else.
-- rows: many into checks
with me as (
    select r.oid as role, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls, r.rolcanlogin,
           (select relowner from pg_catalog.pg_class where oid = 'public.tenants_tenant'::regclass) as owner,
           (select oid from pg_catalog.pg_roles where rolname = :arg.worker) as worker
      from pg_catalog.pg_roles r
     where r.rolname = :arg.role
), found as (
    select 'its role has attributes' as attempt, a.name as what
      from me
     cross join lateral (values (me.rolsuper, 'superuser'), (me.rolcreaterole, 'createrole'),
                                (me.rolcreatedb, 'createdb'), (me.rolreplication, 'replication'),
                                (me.rolbypassrls, 'bypassrls'),
                                -- only on Citus must the role be able to sign in
                                (me.rolcanlogin and not exists (select from pg_catalog.pg_extension
                                                                 where extname = 'citus'), 'login')) a (has, name)
     where a.has
    union all
    select 'its role has settings', array_to_string(s.setconfig, ', ')
      from me join pg_catalog.pg_db_role_setting s on s.setrole = me.role
    union all
    select 'its role is a member of another', m.roleid::regrole::text
      from me join pg_catalog.pg_auth_members m on m.member = me.role
    union all
    select 'others can take its role',
           m.member::regrole::text || case when m.admin_option then ' with admin option' else '' end
      from me join pg_catalog.pg_auth_members m on m.roleid = me.role
     -- from PostgreSQL 16 on whoever makes a role is a member
     where m.member <> me.owner and (m.member <> me.worker or m.admin_option)
)
select :arg.schema as schema_name, 'role' as subject, {isolation_answer}
  from (values (1, 'its role has attributes'), (2, 'its role has settings'), (3, 'its role is a member of another'),
               (4, 'others can take its role')) k (number, attempt)
  left join found f on f.attempt = k.attempt
 order by k.number, got
 limit 100
