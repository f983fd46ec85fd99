-- rows: one
select checksum from public.core_migration where app = :arg.app and name = :arg.name
