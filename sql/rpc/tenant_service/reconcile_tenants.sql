-- rows: many into findings
select f.kind, f.name, f.tenant_id, f.text, f.kind || '/' || f.name as page_key
  from (select 'missing-schema' as kind, t.schema_name as name, t.id as tenant_id,
               'the schema is gone: tenant repair makes an empty one, a backup brings back the rows' as text
          from public.tenants_tenant t
         where t.state <> 'purging'
           and not exists (select from pg_catalog.pg_namespace n where n.nspname = t.schema_name)
        union all
        select 'missing-role', t.role, t.id, 'the tenant''s role is gone: tenant repair makes it again'
          from public.tenants_tenant t
         where not exists (select from pg_catalog.pg_roles r where r.rolname = t.role)
        union all
        select 'unreached-tenant', t.schema_name, t.id, {role_fault} || ': tenant repair mends it'
          from public.tenants_tenant t
          join pg_catalog.pg_roles r on r.rolname = t.role
          join pg_catalog.pg_namespace n on n.nspname = t.schema_name
         where t.state in ('active', 'suspended') and {role_fault} is not null
        union all
        select 'orphan-schema', n.nspname::text, 0::bigint,
               'looks like a tenant''s schema and no tenant has it: look what is in it, then drop it'
          from pg_catalog.pg_namespace n
         where n.nspname <> 'public'
           and exists (select from pg_catalog.pg_class c
                        where c.relnamespace = n.oid and c.relname = 'core_migration')
           and not exists (select from public.tenants_tenant t where t.schema_name = n.nspname)
        union all
        select 'orphan-role', r.rolname::text, 0::bigint,
               'a role of this installation that no tenant has and no pool: drop it'
          from pg_catalog.pg_roles r
          join public.core_installation i on r.rolname ~ ('^ciq_' || i.id || '_[0-9]+$')
         where not exists (select from public.tenants_tenant t where t.role = r.rolname)
           and not exists (select from public.role_pool p where p.role = r.rolname)
           and not exists (select from public.role_rest p where p.role = r.rolname)
        union all
        select s.task || '-put-off', t.schema_name, t.id,
               coalesce('was ' || t.former_schema_name || '; ', '') || 'failed ' || s.failures || case s.failures when 1 then ' time' else ' times' end
               || ', tried again ' || case when s.next_time > now()
                                           then 'in ' || ceil(extract(epoch from s.next_time - now())) || ' s'
                                           else 'now' end
               || case s.task when 'purge' then ' or at the next tenant purge' else '' end || ': ' || s.error
          from public.tenants_setback s
          join public.tenants_tenant t on t.id = s.tenant_id) f
 where f.kind || '/' || f.name > coalesce(:page.key, '')
 order by f.kind || '/' || f.name
 limit :page.limit
