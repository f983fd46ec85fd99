-- The tenant whose expired rows have waited longest, if that is an hour, nobody is changing the tenant and it was not put
-- off; and which tables of later migrations it already has.  A sweep or failure in the future was before the clock was set
-- back.
-- rows: one
select id, schema_name, coalesce((heads ->> 'core')::integer, 0) >= 2 as has_outbox,
       coalesce((heads ->> 'users')::integer, 0) >= 3 as has_tokens
  from public.tenants_tenant t
 where state = 'active' and (sweep_time is null or sweep_time < now() - interval '1 hour' or sweep_time > now())
   and not exists (select from public.tenants_setback s
                    where s.task = 'sweep' and s.tenant_id = t.id and s.next_time > now() and s.update_time <= now())
 order by sweep_time nulls first, id
 limit 1
   for update of t skip locked
