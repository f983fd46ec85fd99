-- A failed mail is tried again after a wait that doubles with each attempt, up to :arg.wait_max seconds.  It is given up
-- if it can never be sent (a 5xx of SMTP, a missing template) or was not sent within two weeks.  The result of a later
-- attempt is not overwritten.
-- rows: none
update core_outbox
   set last_error = :arg.error,
       next_time = case when :arg.permanent::boolean or create_time < now() - interval '14 days' then null
                        else now() + make_interval(secs => least(:arg.wait_max::bigint,
                                                                 :arg.wait::bigint * power(2, least(attempts - 1, 20))))
                   end
 where id = :arg.id::bigint and attempts = :arg.attempts::integer and sent_time is null
