-- Counts one more attempt for each key, in the order of keys, so that two servers do not deadlock.
-- rows: none
insert into public.core_throttle as t (key, paid_time, is_kept)
select c.key, now() + interval '1 s' * c.interval_s, c.is_kept
  from unnest(:arg.keys::text[], :arg.intervals_s::bigint[], :arg.kept::boolean[]) c (key, interval_s, is_kept)
 order by c.key
    on conflict (key) do update set paid_time = greatest(t.paid_time, now()) + (excluded.paid_time - now())
