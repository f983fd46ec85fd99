-- What a server with --audit-key-file has sealed: batches of settled rows of an audit, each with the hashes of its
-- rows and a keyed hash over them and over the batch before; and for each audit an anchor, how many there must be
-- and which is the last.  The key is not in the database.
-- migrate:up
create table public.audit_seal (
    tenant_id bigint not null,        -- 0: the platform's own audit
    number bigint not null,           -- 1, 2 …
    total bigint not null,            -- rows sealed so far, with this batch
    ids bytea not null,               -- of the rows, ascending, eight bytes each
    hashes bytea not null,            -- of the rows, in the same order, 32 bytes each
    mac bytea not null,
    create_time timestamptz not null default now(),
    primary key (tenant_id, number)
);
create table public.audit_anchor (
    tenant_id bigint primary key,
    seals bigint not null default 0,
    total bigint not null default 0,
    head bytea not null default '',   -- the last seal's mac
    mac bytea not null default '',    -- over the three above
    cursor_xact bigint not null default -1, -- up to which row all is sealed, in the order of transactions
    cursor_id bigint not null default 0,
    floor_id bigint not null default 0 -- sealed by transactions of another cluster, before a restore
);

-- By the transaction that wrote it a row is known as settled: nothing can come in before it any more.
alter table public.core_audit add column xact bigint not null default 0;
alter table public.core_audit alter column xact set default pg_current_xact_id()::text::bigint;
create index core_audit_xact on public.core_audit (xact, id);

-- migrate:down
alter table public.core_audit drop column xact;
drop table public.audit_anchor;
drop table public.audit_seal;
