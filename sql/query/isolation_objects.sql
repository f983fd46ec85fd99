-- What a tenant's schema must not contain: references out of it or into it, and code that is not its own or runs with
-- other rights than its caller's.  A rule's actions and a materialized view are looked at with the views.
-- rows: many into checks
with me as (
    select n.oid as schema from pg_catalog.pg_namespace n where n.nspname = :arg.schema
), relation as (
    select c.oid, c.relname, c.relkind, c.relispartition
      from me join pg_catalog.pg_class c on c.relnamespace = me.schema
), found as (
    select 'foreign keys' as subject, 'a foreign key leaves the schema' as attempt,
           r.relname || '.' || k.conname || ' to ' || k.confrelid::regclass as what
      from me, relation r
      join pg_catalog.pg_constraint k on k.conrelid = r.oid and k.contype = 'f'
      join pg_catalog.pg_class c on c.oid = k.confrelid
     where c.relnamespace <> me.schema
    union all
    select distinct 'foreign keys', 'a foreign key comes from elsewhere', k.conrelid::regclass || '.' || k.conname
      from me, relation r
      join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = r.oid
                                 and d.classid = 'pg_catalog.pg_constraint'::regclass
      join pg_catalog.pg_constraint k on k.oid = d.objid and k.contype = 'f' and k.confrelid = r.oid
      join pg_catalog.pg_class c on c.oid = k.conrelid
     where c.relnamespace <> me.schema
    union all
    select distinct 'views', 'a view leads out of the schema', r.relname || ' to ' || c.oid::regclass
      from me, relation r
      join pg_catalog.pg_rewrite w on w.ev_class = r.oid
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
                                 and d.refclassid = 'pg_catalog.pg_class'::regclass
      join pg_catalog.pg_class c on c.oid = d.refobjid
     where c.relnamespace <> me.schema
       and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    union all
    select distinct 'views', 'a view leads in from elsewhere', c.oid::regclass || ' to ' || r.relname
      from me, relation r
      join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = r.oid
                                 and d.classid = 'pg_catalog.pg_rewrite'::regclass
      join pg_catalog.pg_rewrite w on w.oid = d.objid
      join pg_catalog.pg_class c on c.oid = w.ev_class
     where c.relnamespace <> me.schema
    union all
    select 'triggers', 'a trigger leaves the schema or has its owner''s rights',
           'trigger ' || t.tgname || ' on ' || r.relname || ' runs ' || p.oid::regprocedure
      from me, relation r
      join pg_catalog.pg_trigger t on t.tgrelid = r.oid
      join pg_catalog.pg_proc p on p.oid = t.tgfoid
     where not t.tgisinternal
       and (p.prosecdef or p.pronamespace not in (me.schema, 'pg_catalog'::regnamespace))
    union all
    select 'kinds', 'a table inherits from elsewhere', i.inhrelid::regclass || ' from ' || i.inhparent::regclass
      from me, relation r
      join pg_catalog.pg_inherits i on i.inhrelid = r.oid
      join pg_catalog.pg_class c on c.oid = i.inhparent
     where r.relkind <> 'i' and r.relkind <> 'I' and c.relnamespace <> me.schema
    union all
    select 'kinds', 'a table inherits from elsewhere', i.inhrelid::regclass || ' from ' || i.inhparent::regclass
      from me, relation r
      join pg_catalog.pg_inherits i on i.inhparent = r.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid
     where c.relnamespace <> me.schema
    union all
    select 'kinds', 'a foreign table', r.relname::text
      from relation r
     where r.relkind = 'f'
    union all
    select 'functions', 'a function runs with its owner''s rights', p.proname || '() of ' || p.proowner::regrole
      from me join pg_catalog.pg_proc p on p.pronamespace = me.schema
     where p.prosecdef
    union all
    select 'kinds', 'a table has no primary key', r.relname::text
      from relation r
     where r.relkind in ('r', 'p') and not r.relispartition
       and not exists (select from pg_catalog.pg_constraint k where k.conrelid = r.oid and k.contype = 'p')
)
select :arg.schema as schema_name, k.subject, {isolation_answer}
  from (values (1, 'foreign keys', 'a foreign key leaves the schema'),
               (2, 'foreign keys', 'a foreign key comes from elsewhere'),
               (3, 'views', 'a view leads out of the schema'),
               (4, 'views', 'a view leads in from elsewhere'),
               (5, 'triggers', 'a trigger leaves the schema or has its owner''s rights'),
               (6, 'kinds', 'a table inherits from elsewhere'),
               (7, 'kinds', 'a foreign table'),
               (8, 'kinds', 'a table has no primary key'),
               (9, 'functions', 'a function runs with its owner''s rights')) k (number, subject, attempt)
  left join found f on f.subject = k.subject and f.attempt = k.attempt
 order by k.number, got
 limit 100
