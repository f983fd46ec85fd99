-- Whether it is time for a mail m of an outbox.  One that was neither tried nor put off does not wait, and none waits
-- longer than a day; what stands there nevertheless is from before the clock was set back.
(m.next_time <= now()
 or m.next_time is not null and (m.attempts = 0 and m.last_error = '' or m.next_time > now() + interval '1 day 1 minute'))
