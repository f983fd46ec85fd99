-- rows: one
insert into public.platform_act_session (tenant_id, superuser_id, secret_hash, reason, expire_time)
values (:arg.tenant_id, nullif(:caller.id::bigint, 0), :arg.hash, :reason, now() + make_interval(mins => :arg.minutes::integer))
returning id, expire_time
