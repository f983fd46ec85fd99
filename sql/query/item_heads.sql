-- Only of the apps that this server knows; a head at zero goes.
-- Caches know of it only how far the server's own apps are, and item.c tells them when one of those moves.
-- rows: none
update public.tenants_tenant
   set heads = (heads - :arg.gone::text[]) || :arg.heads::jsonb
 where id = :arg.id::bigint
