-- rows: none
insert into public.core_installation (id, key, platform_role, worker_login)
values (:arg.id, :arg.key, :arg.platform_role, :arg.worker_login)
