-- The first schema name, and the first domain, that is free: slug, slug_2, slug_3 …
-- rows: one
select (select c.name
          from (select :arg.slug || case when n = 1 then '' else '_' || n end as name, n
                  from generate_series(1, 100) n) c
         where not exists (select from public.tenants_tenant t where t.schema_name = c.name)
           and not exists (select from pg_catalog.pg_namespace s where s.nspname = c.name)
         order by c.n limit 1) as schema_name,
       (select c.name
          from (select replace(:arg.slug, '_', '-') || case when n = 1 then '' else '-' || n end
                       || '.' || :arg.base as name, n
                  from generate_series(1, 100) n) c
         where not exists (select from public.tenants_domain d where d.domain = c.name)
         order by c.n limit 1) as domain
