-- All who may act inside tenants, and when each of them last might not (0: never).
-- rows: one
select coalesce(array_agg(u.id order by u.id), '{}')::text as staff_ids,
       coalesce(array_agg(coalesce((extract(epoch from u.act_end_time) * 1000000)::bigint, 0) order by u.id),
                '{}')::text as staff_ends_us
  from public.platform_superuser u
 where {may_act}
