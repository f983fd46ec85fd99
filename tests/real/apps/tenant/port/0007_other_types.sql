-- Types that were not right the first time, and names that were not.
-- migrate:up
alter type port_vessel_kind add value 'ro-ro' before 'container';
alter type port_vessel_kind add value if not exists 'reefer' after 'container';
alter type port_call_state rename value 'left' to 'departed';
alter type port_contact add attribute email text;
alter domain port_money add constraint port_money_sane check (value < 1000000000000) not valid;
alter table port_document alter column pages type bigint;
alter table port_pilot alter column licence type text;
alter table port_tug alter column pull type numeric using pull::numeric, alter column fuel set default 'NaN';

create type port_customs_status as enum ('open', 'held', 'cleared');
drop index port_customs_open;
alter table port_customs
    drop constraint port_customs_status_check,
    alter column status drop default,
    alter column status type port_customs_status using status::port_customs_status,
    alter column status set default 'open';
create index port_customs_open on port_customs (status) where status = 'open';

alter table port_seal rename to port_box_seal;
alter table port_box_seal rename column broken to broken_time;
alter table port_box_seal rename constraint port_seal_once to port_box_seal_once;
alter index port_seal_pkey rename to port_box_seal_pkey;
alter sequence port_seal_id_seq rename to port_box_seal_id_seq;
alter function port_invoices(bigint) rename to port_invoices_of;
alter view port_company_public rename column country to country_name;
alter sequence port_manifest_number increment by 2 maxvalue 90000000 cache 3;

-- migrate:down
alter sequence port_manifest_number increment by 1 no maxvalue cache 1;
alter view port_company_public rename column country_name to country;
alter function port_invoices_of(bigint) rename to port_invoices;
alter sequence port_box_seal_id_seq rename to port_seal_id_seq;
alter index port_box_seal_pkey rename to port_seal_pkey;
alter table port_box_seal rename constraint port_box_seal_once to port_seal_once;
alter table port_box_seal rename column broken_time to broken;
alter table port_box_seal rename to port_seal;

drop index port_customs_open;
alter table port_customs
    alter column status drop default,
    alter column status type text using status::text,
    alter column status set default 'open',
    add constraint port_customs_status_check check (status in ('open', 'held', 'cleared'));
drop type port_customs_status;
create index port_customs_open on port_customs (status) where status = 'open';

alter table port_tug alter column pull type real, alter column fuel drop default;
alter table port_pilot alter column licence drop default, alter column licence type "char",
    alter column licence set default 'A';
alter table port_document alter column pages type integer;
alter domain port_money drop constraint port_money_sane;
alter type port_contact drop attribute email;
alter type port_call_state rename value 'departed' to 'left';
-- An enum's value cannot be taken away: another type takes its place.
drop view port_vessel_list;
alter table port_tariff drop constraint port_tariff_no_overlap;
alter type port_vessel_kind rename to port_vessel_kind_new;
create type port_vessel_kind as enum ('bulk', 'tanker', 'container');
alter table port_vessel
    alter column kind drop default,
    alter column kind type port_vessel_kind
        using (case when kind::text in ('ro-ro', 'reefer') then 'container' else kind::text end)::port_vessel_kind,
    alter column kind set default 'bulk';
alter table port_tariff
    alter column kind type port_vessel_kind
        using (case when kind::text in ('ro-ro', 'reefer') then 'container' else kind::text end)::port_vessel_kind,
    add constraint port_tariff_no_overlap exclude using gist (during with &&) where (kind is null);
drop type port_vessel_kind_new;
create view port_vessel_list with (security_invoker = true) as
    select imo, name, area, kind::text as kind from port_vessel;
-- lint: allow trigger
create trigger port_vessel_list_write instead of update on port_vessel_list for each row
    execute function port_vessel_list_write();
