-- One domain, with all that its message has.
-- rows: one into domain
select d.domain, d.tenant_id, t.schema_name, d.is_primary, d.kind, d.create_time, d.state, d.verify_time, d.check_time,
       d.check_text,
       case when d.state <> 'verified' or d.verify_time is not null then d.txt_name end as txt_name,
       case when d.state <> 'verified' or d.verify_time is not null then d.txt_value end as txt_value
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.id = :arg.id::bigint
