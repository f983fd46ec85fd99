-- What the schema of the search_path has applied, one line each.
-- rows: one
select coalesce(string_agg(app || '/' || name || '=' || checksum, E'\n'), '') as ledger
  from core_migration
