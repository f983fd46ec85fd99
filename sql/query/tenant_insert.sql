-- rows: one
-- changes: names
insert into public.tenants_tenant
       (name, schema_name, contact_email, contact_phone, industry, company_size, plan, role, heads)
values (:tenant.name, :tenant.schema_name, :tenant.contact_email, :tenant.contact_phone, :tenant.industry,
        :tenant.company_size, coalesce(nullif(:tenant.plan, ''), 'trial'), :arg.role, :arg.heads::jsonb)
returning id, name, schema_name, contact_email, contact_phone, industry, company_size, plan, state,
          create_time
