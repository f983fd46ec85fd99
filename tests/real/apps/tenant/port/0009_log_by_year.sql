-- The old log becomes the oldest partition of a new one.
-- migrate:up
alter table port_log rename to port_log_old;
alter index port_log_pkey rename to port_log_old_pkey;
alter index port_log_line rename to port_log_old_line;
alter table port_log_old add constraint port_log_old_bound check (at < '2026-01-01 00:00+00') not valid;
alter table port_log_old validate constraint port_log_old_bound;
create table port_log (
    id bigint not null,
    at timestamptz not null,
    line text,
    primary key (id, at)
) partition by range (at);
create index port_log_line on port_log using hash (line);
alter table port_log attach partition port_log_old for values from (minvalue) to ('2026-01-01 00:00+00');
alter table port_log_old drop constraint port_log_old_bound;
create table port_log_2026 partition of port_log for values from ('2026-01-01 00:00+00') to ('2027-01-01 00:00+00')
    with (fillfactor = 80);
create table port_log_rest (line text, at timestamptz not null, gone integer, id bigint not null);
alter table port_log_rest drop column gone;
alter table port_log attach partition port_log_rest default;
alter table port_log_rest set unlogged;

-- migrate:down
alter table port_log detach partition port_log_old;
drop table port_log;
alter table port_log_old rename to port_log;
alter index port_log_old_pkey rename to port_log_pkey;
alter index port_log_old_line rename to port_log_line;
