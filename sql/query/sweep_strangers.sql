-- Counters of strangers beyond their bound: those go that would be forgiven soonest, so that a flood of single tries
-- drives out its own, and who has tried often stays counted.
-- rows: none
delete from public.core_throttle
 where key in (select key from public.core_throttle where not is_kept
                order by paid_time
                limit least(:arg.count::bigint, greatest(0, (select count(*) from public.core_throttle where not is_kept)
                                               - :arg.bound::bigint))
                  for update skip locked)
