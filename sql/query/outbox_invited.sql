-- How many of the mails that this tenant's people have had sent to a mailbox in an hour there are, up to as many as are
-- allowed, and the milliseconds until there is one less.
-- rows: one
select count(*) as count,
       greatest(0, ceil(1000 * extract(epoch from min(sent.create_time) + interval '1 hour' - now())))::bigint as wait_ms
  from (select o.create_time
          from core_outbox o
         cross join lateral (values (o.recipient)) m (address)
         where o.create_time > now() - interval '1 hour' and o.template <> 'reset'
           and {mailbox} = (select {mailbox} from (values (:arg.recipient::text)) m (address))
         order by o.create_time desc
         limit :arg.allowed::bigint) sent
