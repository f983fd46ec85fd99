-- Tariffs, invoices and the ledger; functions, aggregates and operators of the harbour's own.
-- migrate:up
create table port_tariff (
    id bigint generated always as identity primary key,
    kind port_vessel_kind,
    during daterange not null,
    rate port_money not null,
    steps port_money[] not null default '{}',
    constraint port_tariff_no_overlap exclude using gist (during with &&) where (kind is null)
);
create table port_invoice (
    id bigint generated always as identity primary key,
    number text not null unique,
    call_id bigint references port_call (id),
    company_id bigint not null references port_company (id),
    issued date not null default current_date,
    due date not null default 'infinity',
    total port_money,
    is_paid boolean,
    constraint port_invoice_due check (due >= issued)
);
create table port_invoice_line (
    invoice_id bigint references port_invoice (id) on delete cascade,
    position smallint,
    what text not null,
    amount numeric(30, 10) not null,
    ratio numeric,
    primary key (invoice_id, position)
);
create table port_payment (
    id bigint generated always as identity primary key,
    invoice_id bigint not null references port_invoice (id) on delete restrict,
    amount port_money not null,
    paid timestamp without time zone not null default localtimestamp,
    note varchar(40)
);
create table port_ledger (
    number bigint generated always as identity (cycle maxvalue 999999) primary key,
    at timestamptz not null default now(),
    amount numeric not null,
    reason text,
    note text
);
create unlogged table port_quote (
    key text primary key,
    quote jsonb not null,
    until timestamptz default 'infinity'
);

create function port_due(total numeric, days integer default 30, variadic holidays date[] default '{}') returns date
    language sql immutable parallel safe as $$
    select date '2026-01-01' + days + (select count(*) from unnest(holidays))::integer
$$;
create function port_invoices(company bigint) returns table (number text, total numeric) language plpgsql stable
    set work_mem = '8MB' rows 10 cost 50 as $$
begin
    return query select i.number, i.total::numeric from port_invoice i where i.company_id = company order by i.number;
end
$$;
create function port_balance(company bigint, out open numeric, out paid numeric) language sql stable
begin atomic
    select coalesce(sum(i.total) filter (where not coalesce(i.is_paid, false)), 0),
           coalesce(sum(i.total) filter (where i.is_paid), 0)
      from port_invoice i
     where i.company_id = port_balance.company;
end;
create function port_ledger_total() returns numeric language sql stable set search_path from current
    as 'select coalesce(sum(amount), 0) from port_ledger';
create function port_anything(value anyelement) returns setof anyelement language sql as 'select value';
create procedure port_post(amount numeric, reason text default 'by hand') language plpgsql as $$
begin
    insert into port_ledger (amount, reason) values (amount, reason);
end
$$;
create procedure port_settle(invoice bigint) language sql
begin atomic
    update port_invoice set is_paid = true where id = invoice;
    insert into port_ledger (amount, reason) select total, 'settled ' || number from port_invoice where id = invoice;
end;

create function port_mean_step(state numeric[], value numeric, weight numeric) returns numeric[]
    language sql immutable parallel safe as 'select array[state[1] + coalesce(value * weight, 0), state[2] + coalesce(weight, 0)]';
create function port_mean_end(state numeric[]) returns numeric
    language sql immutable parallel safe as 'select state[1] / nullif(state[2], 0)';
create aggregate port_mean(value numeric, weight numeric) (
    sfunc = port_mean_step, stype = numeric[], finalfunc = port_mean_end, initcond = '{0,0}', parallel = safe
);
comment on aggregate port_mean(numeric, numeric) is 'A mean by weights';
create function port_last_step(state anyelement, value anyelement) returns anyelement
    language sql immutable as 'select coalesce(value, state)';
create aggregate port_last(anyelement) (sfunc = port_last_step, stype = anyelement);

create function port_distance(a port_position, b port_position) returns double precision
    language sql immutable parallel safe as $$
    select sqrt(power((a).latitude - (b).latitude, 2) + power((a).longitude - (b).longitude, 2))::double precision
$$;
create operator <~> (leftarg = port_position, rightarg = port_position, function = port_distance, commutator = <~>);
comment on operator <~> (port_position, port_position) is 'How far two places are from one another';
create function port_is_near(a port_position, b port_position) returns boolean
    language sql immutable parallel safe return a <~> b < 0.5;
create function port_is_far(a port_position, b port_position) returns boolean
    language sql immutable parallel safe return a <~> b >= 0.5;
create operator ~~~ (leftarg = port_position, rightarg = port_position, function = port_is_near, commutator = ~~~,
                     negator = !~~~, restrict = contsel, join = contjoinsel);
create operator !~~~ (leftarg = port_position, rightarg = port_position, function = port_is_far, commutator = !~~~,
                      negator = ~~~);
create function port_to_point(place port_position) returns point language sql immutable strict
    return point(place.longitude, place.latitude);
create cast (port_position as point) with function port_to_point(port_position) as assignment;
alter table port_terminal add constraint port_terminal_on_earth
    check (place is null or place !~~~ row (91, 181)::port_position);
create index port_terminal_place on port_terminal using gist (port_to_point(place));

-- migrate:down
drop index port_terminal_place;
alter table port_terminal drop constraint port_terminal_on_earth;
drop cast (port_position as point);
drop function port_to_point(port_position);
drop operator !~~~ (port_position, port_position);
drop operator ~~~ (port_position, port_position);
drop function port_is_far(port_position, port_position);
drop function port_is_near(port_position, port_position);
drop operator <~> (port_position, port_position);
drop function port_distance(port_position, port_position);
drop aggregate port_last(anyelement);
drop function port_last_step(anyelement, anyelement);
drop aggregate port_mean(numeric, numeric);
drop function port_mean_end(numeric[]);
drop function port_mean_step(numeric[], numeric, numeric);
drop procedure port_settle(bigint);
drop procedure port_post(numeric, text);
drop function port_anything(anyelement);
drop function port_ledger_total();
drop function port_balance(bigint);
drop function port_invoices(bigint);
drop function port_due(numeric, integer, date[]);
drop table port_quote;
drop table port_ledger;
drop table port_payment;
drop table port_invoice_line;
drop table port_invoice;
drop table port_tariff;
