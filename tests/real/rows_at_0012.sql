-- What comes when all migrations are applied.  As rows_at_0006.sql.
insert into port_vessel (imo, name, kind, length, beam) values ('9839272', 'Ferry', 'tanker', 100, 20), ('1000007', 'Ice', 'bulk', 1, 1);
insert into port_company (name, country_code, contact, email)
values ('Mail ' || current_schema(), 'NL', row ('eva', null, null, E'eva@harbour.example\n'), null);
insert into port_address (company_id, kind, street, city) values (1, 'home', null, E'\\'), (5, 'office', '', '');
insert into port_log values (3, '2026-05-05 00:00+00', 'this year'), (4, '2031-01-01 00:00+00', E'later\\'), (5, 'infinity', null);
insert into port_call (imo, berth_id, stay, state) values ('9839272', 3, '[2026-06-01 00:00+00,2026-06-02 00:00+00]', 'departed');
insert into port_call_event (call_id, number, at, what, berth_id) select max(id), 1, 'infinity', 'x', 3 from port_call;
insert into port_box_seal (box_number, seal) values ('TGHU7599330', E'a\r\nb');
insert into port_manifest (call_id) select max(id) from port_call;
insert into port_checkpoint_list values ('gate', row (1, 2), default), ('Ü', null, ''), ('z', row (null, null), E'\n');
insert into port_secret (owner, text, level) values (current_schema(), 'seen by nobody', 9), (current_user, null, 1), ('x', '', 2);
insert into port_tug (name, pull) values ('New', 1.10);
insert into port_quote (key, quote, company_id) values ('new', '1.10', 9);
insert into port_hazard values (2, 'rule');
-- A copy has them fresh.
refresh materialized view port_call_day;
refresh materialized view port_call_month;
refresh materialized view port_call_all;
