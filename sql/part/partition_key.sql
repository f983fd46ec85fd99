-- What an archive may say of how a partition is itself partitioned: by columns.
'^(RANGE|LIST|HASH) \(([a-z_][a-z0-9_]*|"([^"]|"")+")(, ([a-z_][a-z0-9_]*|"([^"]|"")+"))*\)$'
