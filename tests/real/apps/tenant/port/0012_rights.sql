-- Who may see what, and what acts when.
-- migrate:up
create type port_checkpoint as (code text, place port_position, note text);
create table port_checkpoint_list of port_checkpoint (
    primary key (code),
    note with options not null default 'none',
    constraint port_checkpoint_list_code check (code <> '')
);
create table port_secret (
    id bigint generated always as identity primary key,
    owner text not null default current_user,
    text text compression pglz,
    level smallint not null default 1
);
alter table port_secret enable row level security;
alter table port_secret force row level security;
create policy port_secret_read on port_secret for select using (level < 3);
create policy port_secret_write on port_secret for insert with check (level between 1 and 9);
create policy port_secret_own on port_secret as restrictive for all to public
    using (owner = current_user or exists (select from port_pilot p where p.id = port_secret.id));
comment on policy port_secret_own on port_secret is 'Only one''s own';
alter table port_payment enable row level security;
create policy port_payment_all on port_payment using (true);

create function port_noise() returns trigger language plpgsql as $$
begin
    insert into port_ledger (amount, reason) values (0, tg_op || ' on ' || tg_table_name);
    return null;
end
$$;
-- lint: allow trigger
create trigger port_box_always after insert on port_box for each row execute function port_noise();
alter table port_box enable always trigger port_box_always;
-- lint: allow trigger
create trigger port_box_replica after insert on port_box for each row execute function port_noise();
alter table port_box enable replica trigger port_box_replica;
-- lint: allow trigger
create trigger port_box_never after insert or delete or truncate on port_box for each statement
    execute function port_noise('a', 'b');
alter table port_box disable trigger port_box_never;
comment on trigger port_box_always on port_box is 'Says what has come';
-- lint: allow rule
create rule port_hazard_copy as on insert to port_hazard do also select 1;
alter table port_hazard disable rule port_hazard_copy;

alter table port_box replica identity full;
alter table port_hazard set (fillfactor = 70, autovacuum_enabled = false);
alter table port_vessel cluster on port_vessel_pkey;
alter table port_vessel alter column name set (n_distinct = -0.5);
alter function port_due(numeric, integer, date[]) set datestyle = 'ISO, DMY';
alter function port_find(text) parallel restricted cost 77;
alter procedure port_post(numeric, text) set lock_timeout = '3s';
alter view port_company_public set (security_barrier = false);

-- The ledger is written once; its notes may be mended.  The role is the one that new tables are given to.
-- lint: allow dynamic-sql
do $$
declare
    tenant regrole := (select a.grantee
                         from pg_default_acl f cross join lateral aclexplode(f.defaclacl) a
                        where f.defaclnamespace = current_schema()::regnamespace and f.defaclobjtype = 'r'
                        group by a.grantee);
begin
    if tenant is not null then
        execute format('revoke update, delete on port_ledger from %s', tenant);
        execute format('grant update (note, reason) on port_ledger to %s', tenant);
        execute format('alter default privileges in schema %I grant usage on types to %s', current_schema(), tenant);
        execute format('grant usage on type port_position to %s', tenant);
    end if;
end
$$;

comment on table port_company is E'Who brings or takes something\nand pays for it: 100% ''quoted'' \\ text';
comment on column port_company.others is 'Other contacts';
comment on constraint port_company_not_its_own_parent on port_company is 'A circle of one';
comment on index port_company_name is 'By the bytes';
comment on function port_due(numeric, integer, date[]) is 'When it is to be paid';
comment on procedure port_post(numeric, text) is 'One line';
comment on materialized view port_call_day is 'Refreshed at night';
comment on domain port_money is 'Never negative';
comment on constraint port_money_positive on domain port_money is 'No debts';
comment on cast (port_position as point) is 'East, then north';
comment on column port_contact.phones is 'With the country''s code';
comment on table port_reading_rest is 'What no month has';

-- migrate:down
comment on table port_reading_rest is null;
comment on column port_contact.phones is null;
comment on cast (port_position as point) is null;
comment on constraint port_money_positive on domain port_money is null;
comment on domain port_money is null;
comment on materialized view port_call_day is null;
comment on procedure port_post(numeric, text) is null;
comment on function port_due(numeric, integer, date[]) is null;
comment on index port_company_name is null;
comment on constraint port_company_not_its_own_parent on port_company is null;
comment on column port_company.others is null;
comment on table port_company is null;
-- lint: allow dynamic-sql
do $$
declare
    tenant regrole := (select a.grantee
                         from pg_default_acl f cross join lateral aclexplode(f.defaclacl) a
                        where f.defaclnamespace = current_schema()::regnamespace and f.defaclobjtype = 'r'
                        group by a.grantee);
begin
    if tenant is not null then
        execute format('revoke usage on type port_position from %s', tenant);
        execute format('alter default privileges in schema %I revoke usage on types from %s', current_schema(), tenant);
        execute format('revoke update (note, reason) on port_ledger from %s', tenant);
        execute format('grant update, delete on port_ledger to %s', tenant);
    end if;
end
$$;
alter view port_company_public set (security_barrier = true);
alter procedure port_post(numeric, text) reset lock_timeout;
alter function port_find(text) parallel unsafe cost 100;
alter function port_due(numeric, integer, date[]) reset datestyle;
alter table port_vessel alter column name reset (n_distinct);
alter table port_vessel set without cluster;
alter table port_hazard reset (fillfactor, autovacuum_enabled);
alter table port_box replica identity default;
drop rule port_hazard_copy on port_hazard;
drop trigger port_box_never on port_box;
drop trigger port_box_replica on port_box;
drop trigger port_box_always on port_box;
drop function port_noise();
drop policy port_payment_all on port_payment;
alter table port_payment disable row level security;
drop table port_secret;
drop table port_checkpoint_list;
drop type port_checkpoint;
