-- The tenants t that a ListTenants asks for, whatever their order.  Their domains are looked up for each tenant: an
-- exists may be answered by reading all domains that there are.  For both forms of what is searched for, see user_filter.
(case when :state = '' then t.state not in ('deleted', 'purging') else t.state = :state end)
and (:plan = '' or t.plan = :plan)
and (:industry = '' or t.industry = any((select array[:industry, normalize(:industry), normalize(:industry, NFD)])::text[]))
and (:search = ''
     or strpos(lower(t.name || ' ' || coalesce(t.former_schema_name, t.schema_name) || ' ' || t.contact_email),
               (select lower(normalize(:search)))) > 0
     or ((select normalize(:search) <> normalize(:search, NFD))
         and strpos(lower(t.name || ' ' || coalesce(t.former_schema_name, t.schema_name) || ' ' || t.contact_email),
                    (select lower(normalize(:search, NFD)))) > 0)
     or strpos(coalesce((select string_agg(s.domain, ' ') from public.tenants_domain s where s.tenant_id = t.id), ''),
               (select lower(normalize(:search)))) > 0)
