-- rows: none
-- changes: names
update public.tenants_tenant
   set name = case when :mask.tenant.name then :tenant.name else name end,
       contact_email = case when :mask.tenant.contact_email then :tenant.contact_email else contact_email end,
       contact_phone = case when :mask.tenant.contact_phone then :tenant.contact_phone else contact_phone end,
       billing_email = case when :mask.tenant.billing_email then :tenant.billing_email else billing_email end,
       industry = case when :mask.tenant.industry then :tenant.industry else industry end,
       company_size = case when :mask.tenant.company_size then :tenant.company_size else company_size end,
       plan = case when :mask.tenant.plan then coalesce(nullif(:tenant.plan, ''), 'trial') else plan end,
       settings = case when :mask.tenant.settings then coalesce(nullif(:tenant.settings, ''), '{}')::jsonb
                       else settings end,
       max_users = case when :mask.tenant.max_users then :tenant.max_users else max_users end,
       max_api_keys = case when :mask.tenant.max_api_keys then :tenant.max_api_keys else max_api_keys end,
       max_requests_per_second = case when :mask.tenant.max_requests_per_second
                                      then :tenant.max_requests_per_second else max_requests_per_second end,
       max_statement_ms = case when :mask.tenant.max_statement_ms then :tenant.max_statement_ms
                               else max_statement_ms end,
       update_time = now()
 where id = :arg.id::bigint
