-- rows: none
-- changes: tenant
update public.platform_superuser set is_active = :arg.is_active::boolean where id = :id
