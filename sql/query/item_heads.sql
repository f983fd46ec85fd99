-- Sets the heads of the apps that this server knows; a head at zero is removed.
-- Servers keep only the heads of their own apps in memory; migration/item.c notifies them when one of those changes.
-- rows: none
update public.tenants_tenant
   set heads = (heads - :arg.gone::text[]) || :arg.heads::jsonb
 where id = :arg.id::bigint
