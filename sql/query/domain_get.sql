-- One domain, with all that its message has.
-- rows: one into domain
select {domain_columns},
       case when d.state <> 'verified' or d.verify_time is not null then d.txt_name end as txt_name,
       case when d.state <> 'verified' or d.verify_time is not null then d.txt_value end as txt_value
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.id = :arg.id::bigint
