-- Counts one more attempt for each key, in the order of keys, so that two servers do not deadlock.
-- rows: none
insert into public.core_throttle as t (key, paid_time)
select c.key, now() + interval '1 s' * c.interval_s
  from unnest(:arg.keys::text[], :arg.intervals_s::bigint[]) c (key, interval_s)
 order by c.key
    on conflict (key) do update set paid_time = greatest(t.paid_time, now()) + (excluded.paid_time - now())
