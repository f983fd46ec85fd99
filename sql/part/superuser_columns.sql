-- A superuser with all that the message has.
id, email, can_create_tenants, platform_role, is_active, create_time, last_login
