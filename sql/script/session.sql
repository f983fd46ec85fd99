-- What a connection of ours alone sets once (not behind a pooler, where the session is shared).  PostgreSQL notices
-- within a minute that our machine is gone, and within two seconds of a statement that our connection is; and it never
-- writes what a statement was given into its log.
select set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '60000', false),
       set_config('client_connection_check_interval', '2000', false),
       set_config('log_parameter_max_length_on_error', '0', false);
