-- A company has several addresses: what was in two columns is in a table.
-- migrate:up
create table port_address (
    id bigint generated always as identity primary key,
    company_id bigint not null references port_company (id) on delete cascade,
    kind text not null default 'office',
    street text,
    city text,
    constraint port_address_kind unique (company_id, kind)
);
insert into port_address (company_id, street, city)
select id, street, city from port_company where street is not null or city is not null order by id;
alter table port_company drop column street, drop column city;
alter table port_company add column email text default 'nobody@harbour.example';
update port_company set email = (contact).person || '@harbour.example' where (contact).person ~ '^[a-z]+$';
create unique index port_address_company on port_address (company_id) where kind = 'office';
create view port_company_address as
    select c.*, a.street, a.city from port_company c left join port_address a on a.company_id = c.id and a.kind = 'office';

-- migrate:down
drop view port_company_address;
alter table port_company drop column email;
alter table port_company add column street text, add column city text;
update port_company c set street = a.street, city = a.city from port_address a where a.company_id = c.id and a.kind = 'office';
drop table port_address;
