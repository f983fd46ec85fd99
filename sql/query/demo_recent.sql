-- Requests of late from one origin, and of those the ones with this address: what others send in the name of an address
-- takes nothing from whoever has it.
-- rows: one
select (select count(*) from public.demo_demorequest
         where origin = :arg.origin and create_time > now() - interval '1 hour') as of_origin,
       (select count(*) from public.demo_demorequest
         where lower(email) = lower(:demo_request.email) and origin = :arg.origin
           and create_time > now() - interval '1 day') as of_email
