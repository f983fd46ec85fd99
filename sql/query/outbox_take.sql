-- The next mail of this schema that is due, kept from other servers while it is sent: if this one dies, it is tried
-- again after :arg.lease seconds.  What is not in the mail's row comes from the registry.
-- rows: one
update core_outbox
   set attempts = attempts + 1, next_time = now() + make_interval(secs => :arg.lease::integer)
 where id = (select m.id from core_outbox m where {mail_is_due} order by m.next_time limit 1
                for update skip locked)
returning id, template, recipient, user_id, attempts, create_time,
          (select {mailbox} from (values (recipient)) m (address)) as mailbox,
          coalesce(parameters ->> 'first_name', '') as first_name,
          coalesce(parameters ->> 'company_name',
                   (select name from public.tenants_tenant where id = :tenant.id), '') as company_name,
          coalesce(parameters ->> 'domain',
                   (select d.domain from public.tenants_domain d where d.tenant_id = :tenant.id and d.is_primary),
                   '') as domain
