-- Which other checksums ledgers of tenants may have, as lines app/name=checksum.
-- rows: one
select coalesce(string_agg(app || '/' || name || '=' || checksum, E'\n'), '') as lines
  from public.migration_accepted
