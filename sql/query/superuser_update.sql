-- rows: none
-- changes: tenant
update public.platform_superuser
   set email = case when :mask.superuser.email then :superuser.email else email end,
       can_create_tenants = case when :mask.superuser.can_create_tenants then :superuser.can_create_tenants
                                 else can_create_tenants end,
       platform_role = case when :mask.superuser.platform_role then :superuser.platform_role
                            else platform_role end
 where id = :id
