-- Milliseconds until one mail more is within the limit.
-- rows: one
select greatest(0, ceil(1000 * extract(epoch from paid_time - now())
                        - :arg.interval_ms::bigint * (:arg.allowed::bigint - 1)))::bigint as wait_ms
  from public.core_mail_limit
 where key = :arg.key
