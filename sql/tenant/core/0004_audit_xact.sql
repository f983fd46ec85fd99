-- By the transaction that wrote it a row of the audit is known as settled: nothing can come in before it any more.
-- migrate:up
alter table core_audit add column xact bigint not null default 0;
alter table core_audit alter column xact set default pg_current_xact_id()::text::bigint;
-- with the column, since no release came before this one and audits are young
-- lint: allow index-lock
create index core_audit_xact on core_audit (xact, id);

-- migrate:down
alter table core_audit drop column xact;
