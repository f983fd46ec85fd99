-- rows: one
-- changes: names
insert into public.tenants_tenant
       (name, schema_name, contact_email, contact_phone, billing_email, industry, company_size, plan, settings,
        max_users, max_api_keys, max_requests_per_second, max_statement_ms, role, heads)
values (:tenant.name, :tenant.schema_name, :tenant.contact_email, :tenant.contact_phone, :tenant.billing_email,
        :tenant.industry, :tenant.company_size, coalesce(nullif(:tenant.plan, ''), 'trial'),
        coalesce(nullif(:tenant.settings, ''), '{}')::jsonb,
        :tenant.max_users, :tenant.max_api_keys, :tenant.max_requests_per_second, :tenant.max_statement_ms,
        :arg.role, :arg.heads::jsonb)
returning id
