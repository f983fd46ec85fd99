-- What a tenant t may use: its own limits, or else those of its plan p.
coalesce(nullif(t.max_users, 0), p.max_users) as max_users,
coalesce(nullif(t.max_api_keys, 0), p.max_api_keys) as max_api_keys,
coalesce(nullif(t.max_requests_per_second, 0), p.max_requests_per_second) as max_requests_per_second,
coalesce(nullif(t.max_statement_ms, 0), p.max_statement_ms) as max_statement_ms
