-- The tables whose rows do not go with a tenant.
'core_migration', 'core_idempotency', 'core_outbox', 'core_session', 'core_api_key', 'users_token'
