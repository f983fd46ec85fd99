-- rows: none
-- changes: names
update public.tenants_tenant
   set state = former_state, former_state = null, schema_name = :arg.schema, former_schema_name = null,
       delete_time = null, purge_time = null, update_time = now()
 where id = :arg.id::bigint
