-- A domain d of the tenant t as a list of domains shows it.
d.domain, d.tenant_id, t.schema_name, d.is_primary, d.kind, d.create_time, d.state, d.verify_time, d.check_time,
d.check_text
