-- From here on the file of a tenant migration is what tenants have applied, whatever it was then.
-- rows: none
with was as (
    insert into public.migration_accepted (app, name, checksum)
    select k.app, k.name, k.checksum
      from public.migration_file k
     where k.app = :arg.app and k.name = :arg.name and k.checksum <> :arg.checksum
        on conflict do nothing
)
update public.migration_file
   set checksum = :arg.checksum
 where app = :arg.app and name = :arg.name
