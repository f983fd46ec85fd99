-- rows: one
select exists (select from public.migration_trial where digest = :arg.digest) as fits
