-- What a schema holds: an object of each kind that PostgreSQL knows is one line.  Its fields are separated by tabs: the
-- object, what it is, and for what belongs to a partition the partition's name and that of the table at its root.  Lines are
-- compared, so they must not depend on the schema's name: it becomes the first of search_path, and where PostgreSQL writes
-- its name all the same there stands that of the schema that it is compared with (called).  With whole, also what
-- belongs to no table, rights and comments.  With definitions, also the statements that make each object again, as json, to
-- be run in the order of number.  An object has no statement where only a superuser could run it.
-- A kind of object that is not here is not compared and not repaired: docs/schemas.md has the list.
-- rows: one
with {catalogue_base}, thing (class, oid, sub, phase, relation, prefix, object, what, less, lead, label, target, acl, acl_kind,
                              acl_on, acl_column, owner, ddl, weak) as (
    {catalogue_tables}
    union all
    {catalogue_of_tables}
    union all
    {catalogue_types}
    union all
    {catalogue_functions}
    union all
    {catalogue_others}
), right_of as (
    select t.object, e.grantee, e.privilege_type as privilege, e.is_grantable, t.prefix, t.relation, t.oid, t.sub, t.label, t.acl_on,
           t.acl_column
      from thing t
     cross join lateral aclexplode(t.acl) e
     where :arg.whole::boolean and e.grantee is distinct from t.owner
       and not (t.acl_kind in ('f', 'T') and e.grantee = 0 and not e.is_grantable)
    union all
    -- everybody may use functions and types, unless that was taken away
    select t.object, 0, null, false, t.prefix, t.relation, t.oid, t.sub, t.label, t.acl_on, null
      from thing t
     where :arg.whole::boolean and t.acl_kind in ('f', 'T') and t.acl is not null
       and not exists (select from aclexplode(t.acl) e where e.grantee = 0)
), rights as (
    select r.*, case when g.rolname = :arg.role then 'its role' else coalesce(quote_ident(g.rolname), 'all') end as shown,
           coalesce(quote_ident(g.rolname), 'public') as name
      from right_of r
      left join pg_catalog.pg_roles g on g.oid = r.grantee
     where g.oid is not null or r.grantee = 0
), preset_rights as (
    select k.code, k.word, coalesce(quote_ident(g.rolname), 'public') as name,
           case when g.rolname = :arg.role then 'its role' else coalesce(quote_ident(g.rolname), 'all') end as shown,
           e.privilege_type as privilege, e.is_grantable, me.called
      from me
      join member m on m.classid = 'pg_catalog.pg_default_acl'::regclass
      join pg_catalog.pg_default_acl a on a.oid = m.objid
      join (values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions'), ('T', 'types')) k (code, word)
        on k.code = a.defaclobjtype::text
     cross join lateral aclexplode(a.defaclacl) e
      left join pg_catalog.pg_roles g on g.oid = e.grantee
     where :arg.whole::boolean and (g.oid is not null or e.grantee = 0)
), line (object, what, relation, phase, oid, sub, less, lead, label, ddl, weak, adds) as (
    select t.object, t.what, t.relation, t.phase, t.oid, t.sub, t.less, t.lead, t.label,
           -- default privileges may have come after the object: what is right comes with the rights
           t.ddl || case when t.acl_column is null and t.acl_kind <> 'n'
                              and (t.acl is not null
                                   or exists (select from preset_rights p
                                               where p.code = case t.acl_kind when 's' then 'S' else t.acl_kind::text end))
                         then concat('; revoke all on ', t.acl_on, ' from ',
                                     case when t.acl_kind not in ('f', 'T')
                                               or t.acl is not null
                                                  and not exists (select from aclexplode(t.acl) e where e.grantee = 0)
                                          then 'public, ' end,
                                     quote_ident(:arg.role),
                                     (select string_agg(distinct ', ' || p.name, '')
                                        from preset_rights p where p.name not in ('public', quote_ident(:arg.role))))
                         else '' end,
           t.weak, false
      from thing t
     where t.what is not null
    union all
    select concat(coalesce(t.prefix, t.object), ': rights of ', t.shown),
           coalesce(lower(string_agg(t.privilege || case when t.is_grantable then ' with grant option' else '' end, ', '
                                     order by t.privilege)), 'none'),
           t.relation, 8, t.oid, t.sub, null, null, 'grants on ' || t.label,
           string_agg(case when t.privilege is not null
                           then format('grant %s%s on %s to %s%s', t.privilege, '(' || t.acl_column || ')', t.acl_on, t.name,
                                       case when t.is_grantable then ' with grant option' end) end, '; '), false, true
      from rights t
     group by t.prefix, t.object, t.shown, t.relation, t.oid, t.sub, t.label
    union all
    select format('default rights on %s: rights of %s', t.word, t.shown),
           lower(string_agg(t.privilege || case when t.is_grantable then ' with grant option' else '' end, ', ' order by t.privilege)),
           null, 0, null, 0, null, null, 'default rights on ' || t.word,
           string_agg(format('alter default privileges in schema %s grant %s on %s to %s%s', t.called, t.privilege, t.word,
                             t.name, case when t.is_grantable then ' with grant option' end), '; '), false, true
      from preset_rights t
     group by t.word, t.shown
    union all
    select t.object || ': comment', d.description, t.relation, 7, t.oid, t.sub, null, null, 'comment on ' || t.label,
           format('comment on %s is %L', t.target, d.description), false, false
      from thing t
      join pg_catalog.pg_description d on d.objoid = t.oid and d.classoid = t.class and d.objsubid = t.sub
     where :arg.whole::boolean and t.target is not null
), shown as (
    select l.*, regexp_replace(l.what, '[\n\t ]+', ' ', 'g') as text, r.name as relation_name,
           case when r.relispartition then pg_catalog.pg_partition_root(r.oid)::regclass::text end as root
      from line l
      left join relation r on r.oid = l.relation
), made (shape, definitions) as (
    select coalesce(string_agg(concat(object, E'\t', text, case when :arg.whole::boolean and root is not null
                                                                then E'\t' || relation_name || E'\t' || root end),
                               E'\n' order by object, text), ''),
           case when :arg.definitions::boolean
                then jsonb_agg(jsonb_build_object('object', object, 'what', text, 'less', less, 'lead', lead, 'label', label,
                                                  'tab', coalesce(relation_name, ''), 'phase', phase, 'oid', oid::bigint,
                                                  'sub', sub, 'ddl', ddl, 'weak', weak, 'adds', adds)) end::text
      from shown
)
select replace(replace(m.shape, me.name || '.', c.name || '.'), quote_literal(me.nspname), quote_literal(:arg.called)) as shape,
       replace(replace(m.definitions, c.own_json || '.', c.json || '.'), quote_literal(me.nspname), quote_literal(:arg.called))
       as definitions
  from me
 cross join made m
 cross join lateral (select quote_ident(:arg.called) as name, substr(to_json(quote_ident(:arg.called))::text, 2, length(to_json(quote_ident(:arg.called))::text) - 2) as json,
                            substr(to_json(me.name)::text, 2, length(to_json(me.name)::text) - 2) as own_json) c
