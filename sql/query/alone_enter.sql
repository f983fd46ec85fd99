-- Ahead of a statement that allows no transaction, for the session.  A schema that is not the tenant's any more (0: the
-- shared one) leaves nothing to be found, so that the statement cannot change another's.
-- rows: none
select set_config('search_path',
                  case when :arg.tenant_id::bigint = 0
                            or exists (select from public.tenants_tenant
                                        where id = :arg.tenant_id::bigint and schema_name = :arg.schema)
                       then :arg.search_path else 'pg_temp' end, false),
       set_config('statement_timeout', :arg.statement_timeout, false), set_config('lock_timeout', '0', false),
       set_config('client_connection_check_interval', '2000', false)
