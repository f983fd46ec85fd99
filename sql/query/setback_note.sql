-- Background work has failed for a tenant: it waits for half a minute, for twice as long each time that it fails again,
-- and for at most six hours.
-- rows: one
insert into public.tenants_setback as s (task, tenant_id, failures, next_time, error)
select :arg.task, t.id, 1, now() + interval '30 s', left(regexp_replace(:arg.error, '^script: ', ''), 1000)
  from public.tenants_tenant t
 where t.id = :arg.tenant_id::bigint
    on conflict (task, tenant_id) do update
   set failures = s.failures + 1, error = excluded.error, update_time = now(),
       next_time = now() + make_interval(secs => least(21600, 30 * power(2, least(s.failures, 20))))
returning failures, ceil(extract(epoch from next_time - now()))::bigint as seconds
