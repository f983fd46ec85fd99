-- rows: one
select s.name
  from unnest(:schemas::text[]) as s (name)
  left join public.tenants_tenant t on t.schema_name = s.name and t.state <> 'deleted'
 where t.id is null
 limit 1
