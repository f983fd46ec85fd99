-- Requests of late from one origin, and of those the ones with this address: what others send in the name of an address
-- takes nothing from whoever has it.  Its domain may be in ASCII (mailbox) or in letters.  And those that wait, of
-- everybody and from this origin.
-- rows: one
select (select count(*) from public.demo_demorequest
         where origin = :arg.origin and create_time > now() - interval '1 hour') as of_origin,
       (select count(*) from public.demo_demorequest
         where lower(normalize(lower(email), NFKC)) in (lower(normalize(lower(:arg.mailbox), NFKC)),
                                                        lower(normalize(lower(:arg.letters), NFKC)))
           and origin = :arg.origin and create_time > now() - interval '1 day') as of_email,
       (select count(*) from public.demo_demorequest where state = 'pending') as waiting,
       exists (select from public.demo_demorequest
                where state = 'pending' and origin = :arg.origin) as origin_waits
