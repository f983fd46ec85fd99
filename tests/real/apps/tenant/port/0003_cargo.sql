-- Boxes, what is in them, and the papers.
-- migrate:up
create function port_box_is_valid(number text) returns boolean language plpgsql immutable strict as $$
declare
    total integer := 0;
    code integer;
begin
    if number !~ '^[A-Z]{3}[UJZ][0-9]{7}$' then
        return false;
    end if;
    for i in 1..10 loop
        code := ascii(substr(number, i, 1));
        if code >= 65 then
            code := code - 65;
            code := 10 + code + (code > 0)::integer + (code > 10)::integer + (code > 20)::integer;
        else
            code := code - 48;
        end if;
        total := total + code * (1 << (i - 1));
    end loop;
    return total % 11 % 10 = substr(number, 11, 1)::integer;
end
$$;
create table port_box_kind (
    code port_code primary key,
    feet smallint not null check (feet in (10, 20, 40, 45)),
    is_cooled boolean not null default false
);
insert into port_box_kind (code, feet, is_cooled) values ('22G1', 20, false), ('42R1', 40, true), ('L5G1', 45, false);
create table port_box (
    number text primary key,
    kind port_code not null references port_box_kind (code),
    owner_id bigint references port_company (id),
    tare money,
    temperatures int4range,
    place point,
    outline path,
    flags bit varying(16),
    mask bit(4),
    constraint port_box_number check (port_box_is_valid(number))
);
create table port_manifest (
    number bigint primary key default nextval('port_manifest_number'),
    call_id bigint not null references port_call (id) deferrable initially deferred,
    kind text not null default 'import' check (kind in ('import', 'export', 'transit')),
    signed date,
    raw xml
);
create table port_manifest_line (
    manifest_number bigint references port_manifest (number) on delete cascade on update cascade,
    position integer,
    box_number text references port_box (number),
    goods text not null,
    weight numeric,
    tags text[],
    declared json,
    primary key (manifest_number, position)
);
create index port_manifest_line_tags on port_manifest_line using gin (tags);
create unique index port_manifest_line_box on port_manifest_line (box_number, manifest_number) include (goods)
    where box_number is not null;
create table port_hazard (
    un_number integer primary key check (un_number between 1 and 9999),
    name text not null
);
create table port_line_hazard (
    manifest_number bigint,
    position integer,
    un_number integer references port_hazard (un_number),
    degree smallint,
    primary key (manifest_number, position, un_number),
    foreign key (manifest_number, position) references port_manifest_line (manifest_number, position)
        match full on delete cascade on update cascade
);
create table port_seal (
    id bigint generated always as identity primary key,
    box_number text references port_box (number),
    seal text,
    broken timestamptz,
    constraint port_seal_once unique nulls not distinct (box_number, seal)
);
create table port_document (
    id bigint generated always as identity primary key,
    manifest_number bigint references port_manifest (number),
    title text not null,
    body text not null default '',
    content bytea,
    digest bytea generated always as (sha256(content)) stored,
    words tsvector generated always as (to_tsvector('simple'::regconfig, title || ' ' || body)) stored,
    wanted tsquery,
    pages integer
);
create index port_document_words on port_document using gin (words);
alter table port_document alter column content set storage external;
alter table port_document alter column title set statistics 50;
create table port_customs (
    manifest_number bigint primary key references port_manifest (number) on delete cascade,
    status text not null default 'open' check (status in ('open', 'held', 'cleared')),
    officer text,
    terminal_id integer
);
create index port_customs_open on port_customs (status) where status = 'open';

-- migrate:down
drop table port_customs;
drop table port_document;
drop table port_seal;
drop table port_line_hazard;
drop table port_hazard;
drop table port_manifest_line;
drop table port_manifest;
drop table port_box;
drop table port_box_kind;
drop function port_box_is_valid(text);
