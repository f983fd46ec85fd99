-- A mail that reached nobody.
-- rows: none
update public.core_mail_limit set paid_time = paid_time - interval '1 ms' * :arg.interval_ms::bigint where key = :arg.key
