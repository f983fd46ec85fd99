-- Rules for what comes from now on, which old rows may break.
-- migrate:up
alter table port_manifest_line add constraint port_manifest_line_weight check (weight > 0) not valid;
alter table port_customs add constraint port_customs_officer check (officer <> '') not valid;
alter table port_customs add constraint port_customs_terminal foreign key (terminal_id) references port_terminal (id) not valid;
alter table port_pilotage add constraint port_pilotage_during check (not isempty(during)) not valid;
alter table port_pilotage validate constraint port_pilotage_during;
alter table port_call_event add column berth_id bigint;
alter table port_call_event add constraint port_call_event_berth foreign key (berth_id) references port_berth (id) not valid;
alter table port_quote add column company_id bigint;
alter table port_incident add constraint port_incident_title check (title <> 'unknown') no inherit not valid;
alter table port_tug add constraint port_tug_pull check (pull > 0);
alter table port_tug alter column fuel set not null;
-- lint: allow index-lock
create unique index port_payment_once on port_payment (invoice_id, note) nulls not distinct where note is not null;
-- lint: allow unique-lock
alter table port_payment add constraint port_payment_at unique (invoice_id, paid) include (amount);
alter table port_vessel alter constraint port_vessel_owner_id_fkey deferrable initially deferred;

-- migrate:down
alter table port_vessel alter constraint port_vessel_owner_id_fkey not deferrable;
alter table port_payment drop constraint port_payment_at;
drop index port_payment_once;
alter table port_tug alter column fuel drop not null;
alter table port_tug drop constraint port_tug_pull;
alter table port_incident drop constraint port_incident_title;
alter table port_quote drop column company_id;
alter table port_call_event drop constraint port_call_event_berth;
alter table port_call_event drop column berth_id;
alter table port_pilotage drop constraint port_pilotage_during;
alter table port_customs drop constraint port_customs_terminal;
alter table port_customs drop constraint port_customs_officer;
alter table port_manifest_line drop constraint port_manifest_line_weight;
