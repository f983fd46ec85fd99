-- For each counter, in their order, the milliseconds until all of its attempts are forgiven: "0,1500".
-- rows: one
select string_agg(greatest(0, ceil(1000 * extract(epoch from coalesce(t.paid_time, now()) - now())))::bigint::text,
                  ',' order by c.place) as forgiven_ms
  from unnest(:arg.keys::text[]) with ordinality c (key, place)
  left join public.core_throttle t on t.key = c.key
