-- What a schema's ledger says, as lines of its shape.
-- rows: one
select coalesce(string_agg('ledger: ' || app || '/' || name || E'\t' || checksum, E'\n' order by app, name), '')
       as ledger
  from core_migration
