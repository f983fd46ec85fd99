-- A schema's ledger, as lines of the schema's shape.
-- rows: one
select coalesce(string_agg('ledger: ' || app || '/' || name || E'\t' || checksum, E'\n' order by app, name), '')
       as ledger
  from core_migration
