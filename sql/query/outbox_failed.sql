-- What will never be taken (a 5xx of SMTP, a template that is gone) is not tried again for ever.
-- rows: none
update core_outbox
   set last_error = :arg.error,
       next_time = case when :arg.permanent::boolean or attempts >= :arg.attempts_max::integer then null
                        else next_time end
 where id = :arg.id::bigint
