-- Checksums that ledgers of tenants have of files which were changed after they were applied, and which an operator has
-- accepted: such a row is as good as one with the checksum that the file has now.
-- migrate:up
create table public.migration_accepted (
    app text not null,
    name text not null,
    checksum text not null,
    accept_time timestamptz not null default now(),
    primary key (app, name, checksum)
);

-- migrate:down
drop table public.migration_accepted;
