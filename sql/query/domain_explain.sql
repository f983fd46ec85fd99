-- Everything on which routing a host to its tenant depends; tenant_by_domain chooses the tenant in the same way.
-- rows: one
select d.domain, d.tenant_id, d.is_primary, d.kind, d.state as domain_state, d.txt_name, d.txt_value,
       d.check_text, d.verify_time is not null as is_proved, d.missing_time is not null as is_missing,
       count(*) over () as claims,
       coalesce(t.former_schema_name, t.schema_name) as name, t.schema_name,
       t.state, t.suspend_reason, t.role, t.heads::text as heads, p.domain as primary_domain,
       r.oid is not null as has_role, n.oid is not null as has_schema,
       r.oid is not null and n.oid is not null and has_schema_privilege(r.oid, n.oid, 'usage') as has_usage
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
  left join public.tenants_domain p on p.tenant_id = t.id and p.is_primary
  left join pg_catalog.pg_roles r on r.rolname = t.role
  left join pg_catalog.pg_namespace n on n.nspname = t.schema_name
 {domain_choice}
