-- The next tenants whose outboxes may be looked into, as lines of id and schema name.  Those whose schema is too old
-- to have one come later.
-- rows: one
select string_agg(id || ' ' || schema_name, E'\n' order by id) as tenants
  from (select id, schema_name
          from public.tenants_tenant
         where state = 'active' and id > :arg.after::bigint
           and coalesce((heads ->> 'core')::integer, 0) >= 2 and coalesce((heads ->> 'users')::integer, 0) >= 3
         order by id
         limit :arg.count::integer) t
