-- Adds a domain to a tenant; no row if another tenant has it already.  A claim that needs a proof is looked up at once,
-- since the record may exist already.
-- rows: one
-- changes: names
insert into public.tenants_domain (tenant_id, domain, kind, is_primary, state, next_time)
select :arg.tenant_id::bigint, :arg.domain, :arg.kind,
       not exists (select from public.tenants_domain where tenant_id = :arg.tenant_id::bigint),
       :arg.state, case when :arg.state = 'pending' then now() end
 where not exists (select from public.tenants_domain where domain = :arg.domain and state = 'verified')
returning id
