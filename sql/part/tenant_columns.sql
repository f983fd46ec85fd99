-- A tenant t with all that its message has.
t.id, t.name, coalesce(t.former_schema_name, t.schema_name) as schema_name, t.contact_email, t.contact_phone,
t.billing_email, t.industry, t.company_size, t.plan, t.state, t.settings::text as settings,
t.suspend_reason, t.max_users, t.max_api_keys, t.max_requests_per_second, t.max_statement_ms,
t.create_time, t.update_time, t.delete_time, t.purge_time,
(select d.domain from public.tenants_domain d where d.tenant_id = t.id and d.is_primary) as domain,
array(select d.domain from public.tenants_domain d where d.tenant_id = t.id
       order by d.is_primary desc, d.domain) as domains,
(select string_agg(key || '/' || lpad(value, 4, '0'), ' ' order by key)
   from jsonb_each_text(t.heads)) as heads
