-- rows: none
insert into public.core_migration (app, name, checksum) values (:arg.app, :arg.name, :arg.checksum)
