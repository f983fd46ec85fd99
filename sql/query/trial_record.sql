-- rows: none
insert into public.migration_trial (digest) values (:arg.digest) on conflict do nothing
