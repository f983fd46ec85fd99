-- The next tenants whose outboxes a paced sweep looks into.
-- rows: one
select id, schema_name
  from public.tenants_tenant
 where state = 'active' and id > :arg.after::bigint
 order by id
 limit 1
