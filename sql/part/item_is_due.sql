-- Whether it is time for an item i.  Nothing is put off for a minute: a later time is from before the clock was set back.
(i.retry_time <= now() or i.retry_time > now() + interval '1 minute')
