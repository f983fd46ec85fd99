-- Only of the apps that this server knows; a head at zero goes.
-- rows: none
-- changes: cached
update public.tenants_tenant
   set heads = (heads - :arg.gone::text[]) || :arg.heads::jsonb
 where id = :arg.id::bigint
