-- How many there are of what is watched.
-- rows: one
select count(*) filter (where t.state = 'provisioning') as provisioning,
       count(*) filter (where t.state = 'active') as active,
       count(*) filter (where t.state = 'suspended') as suspended,
       count(*) filter (where t.state = 'deleted') as deleted,
       count(*) filter (where t.state = 'purging') as purging,
       (select count(*) from public.migration_run where state = 'running') as runs,
       (select count(*) from public.migration_item i
          join public.migration_run r on r.id = i.run_id
         where r.state = 'running' and i.state = 'pending') as schemas,
       (select count(*) from public.core_outbox where next_time is not null) as mails
  from public.tenants_tenant t
