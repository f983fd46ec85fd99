-- Ends all act-as sessions of the caller in one tenant.
-- rows: none
delete from public.platform_act_session
 where tenant_id = :arg.tenant_id and superuser_id is not distinct from nullif(:caller.id::bigint, 0)
