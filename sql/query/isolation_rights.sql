-- Who holds rights on a tenant's schema and what is in it, and what its role holds elsewhere.
-- rows: many into checks
with me as (
    select n.oid as schema, r.oid as role,
           (select relowner from pg_catalog.pg_class where oid = 'public.tenants_tenant'::regclass) as owner
      from pg_catalog.pg_namespace n, pg_catalog.pg_roles r
     where n.nspname = :arg.schema and r.rolname = :arg.role
), object as (
    select 'schema' as kind, 'the schema' as name, n.nspowner as owner, n.nspacl as acl
      from me join pg_catalog.pg_namespace n on n.oid = me.schema
    union all
    select case c.relkind when 'S' then 'sequence' else 'table' end, c.relname::text, c.relowner, c.relacl
      from me join pg_catalog.pg_class c on c.relnamespace = me.schema and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'column', c.relname || '.' || a.attname, c.relowner, a.attacl
      from me join pg_catalog.pg_class c on c.relnamespace = me.schema
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attacl is not null
    union all
    select 'function', p.proname || '()', p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
      from me join pg_catalog.pg_proc p on p.pronamespace = me.schema
     -- those of a range type are made by PostgreSQL: its superuser's, and for everybody
     where not exists (select from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')
), held as (
    select o.kind, o.name, o.owner, a.grantee, a.privilege_type as privilege, a.is_grantable,
           {grantee} as holder
      from object o cross join lateral aclexplode(o.acl) a
), found as (
    select 'grants' as subject, 'others hold rights on what is the tenant''s' as attempt,
           h.holder || ': ' || lower(string_agg(h.privilege, ', ' order by h.privilege)) || ' on ' || h.name as what
      from me, held h
     where h.grantee not in (me.owner, me.role) and h.grantee <> h.owner
     group by h.holder, h.name
    union all
    select 'grants', 'its role holds more than rows',
           lower(string_agg(h.privilege || case when h.is_grantable then ' with grant option' else '' end, ', '
                            order by h.privilege)) || ' on ' || h.name
      from me, held h
     where h.grantee = me.role
       and (h.is_grantable
            or not h.privilege = any (case h.kind when 'schema' then array['USAGE']
                                                  when 'sequence' then array['USAGE', 'SELECT']
                                                  when 'function' then array['EXECUTE']
                                                  else array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] end))
     group by h.name
    union all
    select 'append only', 'its role may change ledger or audit', lower(h.privilege) || ' on ' || h.name
      from me, held h
     where h.grantee in (me.role, 0)
       and (h.name ~ '^core_migration(\.|$)' and h.privilege in ('INSERT', 'UPDATE', 'DELETE')
            or h.name ~ '^core_audit(\.|$)' and h.privilege in ('UPDATE', 'DELETE'))
    union all
    -- its own are its role's to run, unless they run with the rights over all tenants
    select 'functions', 'its role runs a function with its owner''s rights', p.oid::regprocedure::text
      from me join pg_catalog.pg_proc p on p.pronamespace = me.schema
     where p.prosecdef and has_function_privilege(me.role, p.oid, 'execute')
    union all
    select 'grants', 'new tables are given to others',
           {grantee} || ': '
           || lower(string_agg(a.privilege_type, ', ' order by a.privilege_type)) || ' on new objects'
      from me
      join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = me.schema
                                 and d.classid = 'pg_catalog.pg_default_acl'::regclass
      join pg_catalog.pg_default_acl f on f.oid = d.objid
     cross join lateral aclexplode(f.defaclacl) a
     where a.grantee not in (me.role, me.owner)
        or a.grantee = me.role
           and (a.is_grantable
                or a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE', 'EXECUTE'))
     group by a.grantee
    union all
    -- pg_shdepend lists every object that names the role, through an index
    select 'grants', 'its role holds rights elsewhere',
           pg_describe_object(d.classid, d.objid, d.objsubid)
      from me
      join pg_catalog.pg_shdepend d on d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = me.role
      left join pg_catalog.pg_class c on d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid
      left join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
      left join pg_catalog.pg_type y on d.classid = 'pg_catalog.pg_type'::regclass and y.oid = d.objid
      left join pg_catalog.pg_default_acl f on d.classid = 'pg_catalog.pg_default_acl'::regclass and f.oid = d.objid
      left join pg_catalog.pg_database b on d.classid = 'pg_catalog.pg_database'::regclass and b.oid = d.objid
     where d.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
       and d.deptype <> 'o' and d.objid <> me.schema
       and coalesce(c.relnamespace, p.pronamespace, y.typnamespace, f.defaclnamespace, 0) <> me.schema
        or d.dbid = 0 and d.deptype <> 'o'
       and not (b.datname = current_database()
                and not exists (select from aclexplode(b.datacl) a
                                 where a.grantee = me.role
                                   and (a.privilege_type <> 'CONNECT' or a.is_grantable)))
    union all
    select 'grants', 'its role holds rights elsewhere', 'something in the database ' || b.datname
      from me
      join pg_catalog.pg_shdepend d on d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = me.role
      join pg_catalog.pg_database b on b.oid = d.dbid and b.datname <> current_database()
    union all
    select 'owners', 'its role owns something', pg_describe_object(d.classid, d.objid, d.objsubid)
      from me
      join pg_catalog.pg_shdepend d on d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = me.role
     where d.deptype = 'o'
       and d.dbid in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
    union all
    select 'owners', 'what is the tenant''s belongs to others',
           o.name || ' is ' || o.owner::regrole || '''s'
      from me, object o
     where o.owner <> me.owner and o.kind <> 'column'
)
select :arg.schema as schema_name, k.subject, {isolation_answer}
  from (values (1, 'grants', 'others hold rights on what is the tenant''s'),
               (2, 'grants', 'its role holds more than rows'),
               (3, 'grants', 'its role holds rights elsewhere'),
               (4, 'grants', 'new tables are given to others'),
               (5, 'append only', 'its role may change ledger or audit'),
               (6, 'owners', 'its role owns something'),
               (7, 'owners', 'what is the tenant''s belongs to others'),
               (8, 'functions', 'its role runs a function with its owner''s rights')) k (number, subject, attempt)
  left join found f on f.subject = k.subject and f.attempt = k.attempt
 order by k.number, got
 limit 100
