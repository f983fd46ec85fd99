-- What belongs to a table or a view.  What PostgreSQL makes by itself for something else (the index of a constraint, what a
-- partition has of its parent) is shown only where it is in a state of its own.
    select 'pg_catalog.pg_constraint'::regclass, k.oid, 0, case when k.contype = 'f' then 4 else 3 end, k.conrelid, null,
           k.relation_name || ': constraint ' || quote_ident(k.conname), d.definition,
           case when k.contype in ('c', 'f') then d.definition || ' NOT VALID' end,
           format('alter table %s validate constraint %I', k.relation_name, k.conname),
           case when k.contype = 'f' then 'foreign key ' || quote_ident(k.conname)
                else format('constraint %I of %s', k.conname, k.relation_name) end,
           format('constraint %I on %s', k.conname, k.relation_name), null, null, null, null, null,
           format('alter table %s add constraint %I %s', k.relation_name, k.conname, d.definition),
           k.contype in ('c', 'f') and k.convalidated
      from constraint_row k
     cross join lateral (select pg_catalog.pg_get_constraintdef(k.oid) as definition) d
     where k.contype <> 't' and k.conparentid = 0
    union all
    select 'pg_catalog.pg_class'::regclass, i.indexrelid, 0, 3, r.oid, null, r.name || ': index ' || quote_ident(c.relname),
           case when not i.is_made or not i.indisvalid
                then pg_catalog.pg_get_indexdef(i.indexrelid, 0, true) || case when i.indisvalid then '' else ' (invalid)' end
                end,
           null, null, format('index %I', c.relname), format('index %I', c.relname), null, null, null, null, null,
           regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), ' ON ONLY ', ' ON '), false
      from relation r
      join (select i.*, c.relispartition or exists (select from constraint_row k
                                                     where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
                        as is_made
              from pg_catalog.pg_index i
              join pg_catalog.pg_class c on c.oid = i.indexrelid) i on i.indrelid = r.oid
      join pg_catalog.pg_class c on c.oid = i.indexrelid
     where r.relkind in ('r', 'p', 'm')
    union all
    select null, null, 0, 5, r.oid, null, r.name || ': ' || s.object, s.what, null, null, s.object || ' of ' || r.name, null,
           null, null, null, null, null, s.ddl, false
      from relation r
      left join lateral (select max(quote_ident(c.relname)) filter (where i.indisclustered) as clustered,
                                max(quote_ident(c.relname)) filter (where i.indisreplident) as identity
                           from pg_catalog.pg_index i
                           join pg_catalog.pg_class c on c.oid = i.indexrelid
                          where i.indrelid = r.oid and (i.indisclustered or i.indisreplident)) x on r.relkind in ('r', 'm')
     cross join lateral (values
           ('row level security', case when r.relrowsecurity then 'enabled' end,
            format('alter table %s enable row level security', r.name)),
           ('forced row level security', case when r.relforcerowsecurity then 'forced' end,
            format('alter table %s force row level security', r.name)),
           ('clustered index', x.clustered, format('alter table %s cluster on %s', r.name, x.clustered)),
           ('replica identity',
            case r.relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'using index ' || x.identity end,
            format('alter table %s replica identity %s', r.name,
                   case r.relreplident when 'n' then 'nothing' when 'f' then 'full' else 'using index ' || x.identity end)))
           s (object, what, ddl)
     where r.relkind in ('r', 'p', 'm', 'f') and s.what is not null
    union all
    -- the options of an index that a constraint has made
    select null, null, 0, 3, k.conrelid, null, format('%s: options of index %I', k.relation_name, c.relname),
           array_to_string(c.reloptions, ', '), null, null, format('options of index %I', c.relname), null, null, null,
           null, null, null, format('alter index %I set (%s)', c.relname, array_to_string(c.reloptions, ', ')), false
      from constraint_row k
      join pg_catalog.pg_class c on c.oid = k.conindid and c.reloptions is not null
     where k.contype in ('p', 'u', 'x')
    union all
    -- a foreign key's own triggers stand for it where it is disabled
    select 'pg_catalog.pg_trigger'::regclass, g.oid, 0, 5, r.oid, null,
           r.name || ': trigger ' || case when g.tgisinternal then 'of ' || quote_ident(k.conname)
                                          else quote_ident(g.tgname) end,
           case when g.tgisinternal then t.state else concat_ws(' ', d.definition, '(' || t.state || ')') end, null, null,
           format('trigger %I of %s', g.tgname, r.name), format('trigger %I on %s', g.tgname, r.name),
           null, null, null, null, null,
           case when not g.tgisinternal and g.tgparentid = 0
                then concat(d.definition, '; alter table ' || r.name || ' ' || t.statement || ' trigger ' || quote_ident(g.tgname)) end, false
      from relation r
      join pg_catalog.pg_trigger g on g.tgrelid = r.oid
      left join constraint_row k on k.oid = g.tgconstraint
      left join pg_catalog.pg_trigger up on up.oid = g.tgparentid
      left join (values ('D', 'disabled', 'disable'), ('R', 'replica', 'enable replica'), ('A', 'always', 'enable always'))
                t (code, state, statement) on t.code = g.tgenabled::text
     cross join lateral (select pg_catalog.pg_get_triggerdef(g.oid, true) as definition) d
     where case when g.tgisinternal then g.tgenabled <> 'O'
                else g.tgparentid = 0 or g.tgenabled <> up.tgenabled end
    union all
    select 'pg_catalog.pg_rewrite'::regclass, w.oid, 0, 5, r.oid, null, r.name || ': rule ' || quote_ident(w.rulename),
           concat_ws(' ', d.definition, '(' || t.state || ')'), null, null,
           format('rule %I of %s', w.rulename, r.name), format('rule %I on %s', w.rulename, r.name),
           null, null, null, null, null,
           concat(rtrim(d.definition, ';'), '; alter table ' || r.name || ' ' || t.statement || ' rule ' || quote_ident(w.rulename)), false
      from relation r
      join pg_catalog.pg_rewrite w on w.ev_class = r.oid and w.rulename <> '_RETURN'
      left join (values ('D', 'disabled', 'disable'), ('R', 'replica', 'enable replica'), ('A', 'always', 'enable always'))
                t (code, state, statement) on t.code = w.ev_enabled::text
     cross join lateral (select pg_catalog.pg_get_ruledef(w.oid, true) as definition) d
    union all
    select 'pg_catalog.pg_policy'::regclass, p.oid, 0, 5, r.oid, null, r.name || ': policy ' || quote_ident(p.polname),
           concat_ws(' ', d.kind, 'for', d.command, 'to', d.shown_roles, d.conditions), null, null,
           format('policy %I of %s', p.polname, r.name), format('policy %I on %s', p.polname, r.name),
           null, null, null, null, null,
           format('create policy %I on %s as %s for %s to %s %s', p.polname, r.name, d.kind, d.command, d.roles, d.conditions),
           false
      from relation r
      join pg_catalog.pg_policy p on p.polrelid = r.oid
     cross join lateral (
           select case when p.polpermissive then 'permissive' else 'restrictive' end as kind,
                  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
                                else 'all' end as command,
                  (select string_agg(coalesce(quote_ident(g.rolname), 'public'), ', ' order by g.rolname)
                     from unnest(p.polroles) o (oid) left join pg_catalog.pg_roles g on g.oid = o.oid) as roles,
                  (select string_agg(case when g.rolname = :arg.role then 'its role'
                                          else coalesce(quote_ident(g.rolname), 'public') end, ', ' order by g.rolname = :arg.role, g.rolname)
                     from unnest(p.polroles) o (oid) left join pg_catalog.pg_roles g on g.oid = o.oid) as shown_roles,
                  concat_ws(' ', 'using (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',
                            'with check (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')') as conditions) d
