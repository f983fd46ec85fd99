-- rows: none
insert into public.core_throttle (key, paid_time, is_kept)
values (:arg.key, now() + interval '1 s' * :arg.seconds::bigint, true)
    on conflict (key) do update set paid_time = excluded.paid_time
