-- rows: one into superuser
-- changes: tenant
insert into public.platform_superuser (email, password, can_create_tenants, platform_role)
values (:superuser.email, :arg.password, :superuser.can_create_tenants, :superuser.platform_role)
returning {superuser_columns}
