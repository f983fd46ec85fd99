-- Twice as long after each attempt, :arg.wait_max seconds at most; what will never be taken (a 5xx of SMTP, a
-- template that is gone), or was not in two weeks, is given up.  Not over what another attempt has written since.
-- rows: none
update core_outbox
   set last_error = :arg.error,
       next_time = case when :arg.permanent::boolean or create_time < now() - interval '14 days' then null
                        else now() + make_interval(secs => least(:arg.wait_max::bigint,
                                                                 :arg.wait::bigint * power(2, least(attempts - 1, 20))))
                   end
 where id = :arg.id::bigint and attempts = :arg.attempts::integer and sent_time is null
