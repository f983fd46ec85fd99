-- rows: none
-- changes: names
update public.tenants_tenant
   set state = 'deleted', former_state = state, former_schema_name = schema_name, schema_name = :arg.reserved,
       delete_time = now(), purge_time = now() + make_interval(days => :arg.days::integer), update_time = now()
 where id = :arg.id::bigint
