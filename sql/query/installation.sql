-- rows: one
select id, key, platform_role, worker_login from public.core_installation
