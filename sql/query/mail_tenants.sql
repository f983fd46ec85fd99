-- The next tenants whose outboxes can be read, as lines of id and schema name.  Tenants whose schema is too old to
-- have one are left out.
-- rows: one
select string_agg(id || ' ' || schema_name, E'\n' order by id) as tenants
  from (select id, schema_name
          from public.tenants_tenant
         where state = 'active' and id > :arg.after::bigint
           and coalesce((heads ->> 'core')::integer, 0) >= 2 and coalesce((heads ->> 'users')::integer, 0) >= 3
         order by id
         limit :arg.count::integer) t
