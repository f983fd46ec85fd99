-- One mail more to an address, if that is within the limit (the generic cell rate algorithm, as in core_throttle).
-- Without a row it is not, and nothing is counted.
-- rows: one
insert into public.core_mail_limit as t (key, paid_time)
values (:arg.key, now() + interval '1 ms' * :arg.interval_ms::bigint)
    on conflict (key) do update set paid_time = greatest(t.paid_time, now()) + (excluded.paid_time - now())
 where t.paid_time - now() <= (excluded.paid_time - now()) * (:arg.allowed::bigint - 1)
returning key
