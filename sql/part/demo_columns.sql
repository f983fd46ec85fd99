-- A demo request d with all that its message has.
d.id, d.company_name, d.first_name, d.last_name, d.email, d.phone, d.job_title, d.company_size, d.industry,
d.message, d.state, d.reject_reason, d.tenant_id, d.create_time, d.update_time
