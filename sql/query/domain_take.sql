-- The next domain that DNS is to be asked about, kept from others for two minutes: if this server dies, it is asked
-- again then.  A deleted tenant's domains stay as they are.  One that was looked at or claimed in the future, before the
-- clock was set back, is due.
-- rows: one
update public.tenants_domain
   set next_time = now() + interval '2 minutes',
       check_time = least(check_time, now()), claim_time = least(claim_time, now())
 where id = (select d.id
               from public.tenants_domain d
               join public.tenants_tenant t on t.id = d.tenant_id
              where (d.next_time <= now()
                     or d.next_time is not null and greatest(d.check_time, d.claim_time) > now())
                and t.state in ('active', 'suspended')
              order by d.next_time
              limit 1
                for update of d skip locked)
returning id, txt_name, txt_value
