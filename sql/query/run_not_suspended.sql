-- rows: one
select t.schema_name
  from public.migration_item i
  join public.tenants_tenant t on t.id = i.tenant_id
 where i.run_id = :arg.id and t.state <> 'suspended'
 limit 1
