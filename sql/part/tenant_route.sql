-- What servers keep in memory of a tenant t to which a name leads.
t.id, t.schema_name, t.role, t.state, t.suspend_reason, t.heads::text as heads
