-- The major version: 15.
-- rows: one
select current_setting('server_version_num')::integer / 10000 as version
