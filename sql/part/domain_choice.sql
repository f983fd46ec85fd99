-- The one domain d that a host means: that of the tenant t that has it, or else the first claim of a tenant that lives.
where d.domain = :arg.domain and (d.state = 'verified' or t.state in ('active', 'suspended'))
order by d.state = 'verified' desc, d.id
limit 1
