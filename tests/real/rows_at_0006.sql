-- What a harbour has when half of its migrations are applied.  The same numbers and addresses in every tenant; where the
-- schema's name is, a row of another tenant would be noticed.  One transaction, with search_path set to the tenant's.
insert into port_company (parent_id, name, register_number, country_code, contact, others, street, city, create_time)
values (null, 'Reederei ' || current_schema(), 'HRB1', 'NL', row ('anna', '{+31,NULL,""}', row (51.9, 4.5)),
        array[row ('b"o\b', null, null), row (null, '{}', row (null, null))]::port_contact[], E'Quay\n1', 'Rotterdam',
        '2020-02-29 23:59:59.999999+00'),
       (1, E'tab\t return\r back\\slash \\. \\N "quotes" ''', null, 'PT', null, '{}', null, '', 'infinity'),
       (1, U&'\00C5ngstr\00F6m \6E2F \+01F6A2', 'X', 'AX', row ('', null, row (-90, 180)), '{}', '', null, '-infinity'),
       (3, '\.', 'Y', 'CI', row (null, null, null), '{NULL}', null, null, '0044-03-15 00:00:00+00 BC');
insert into port_terminal (company_id, name, place, opening, closing)
values (1, 'North', row (51.95, 4.05), '06:00+02', '24:00'), (2, '', null, '23:59:59.5-11:30', null);
insert into port_berth (terminal_id, number, depth, is_closed)
values (100, 1, '[4.5,15.25)', null), (100, 2, '(,)', true), (110, nextval('port_berth_mark'), 'empty', false);
insert into port_vessel (imo, name, kind, flag, owner_id, length, beam, draughts, tonnage, photo, last_position)
values ('9074729', 'Ever ' || current_schema(), 'container', 'NL', 1, 399.99, 58.8, '{[1,2),[3.5,4]}', 220940,
        '\x00ff5c0a', row (0.5, -0.000001)),
       ('9176187', 'Nimbus', 'tanker', null, null, 0.01, 9999.99, '{}', 'NaN', '', null),
       ('9319466', '  ', 'bulk', 'CI', 3, 1, 1, '{(,)}', 1e300, null, row (null, 1));
insert into port_vessel_name values ('9074729', 'Old', '[1990-01-01,2001-01-01)'), ('9074729', 'New', '[2001-01-01,)'),
       ('9176187', '', '(,infinity]');
insert into port_pilot (user_id, licence, languages, rest, address, device, key)
values (1, 'B', '[2:4]={de,NULL,"a,b"}', '1 year -3 days 04:05:06.000007', '10.0.0.0/8', '08:00:2b:01:02:03',
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
       (null, '', '{}', '-178956970 years', '::ffff:1.2.3.4', null, null), (null, 'A', null, null, null, null, null);
delete from port_pilot where id = 3;
insert into port_call (imo, berth_id, stay, state, remark)
select '9074729', 1, tstzrange(t, t + interval '20 hours'), 'left', nullif('call ' || t::date, 'call 2026-01-03')
  from generate_series(timestamptz '2026-01-01 00:00+00', '2026-01-28 00:00+00', '1 day') t;
insert into port_call (imo, berth_id, stay, state)
values ('9176187', 2, '[2026-02-01 00:00+00,infinity)', 'berthed'), ('9176187', 2, '[2026-03-01 00:00+00,)', 'cancelled'),
       ('9319466', null, 'empty', 'announced');
insert into port_call_event (call_id, number, at, what, facts)
select id, n, lower(stay) + n * interval '1 hour', 'event ' || n,
       case n when 1 then '{"a": [1, 2.50, null, {"b": "\u00e9\n"}], "n": 1e400, "": ""}' when 2 then 'null' end::jsonb
  from port_call, generate_series(1, 3) n where not isempty(stay) and lower(stay) < '2026-01-10 00:00+00';
update port_call set last_event = 2 where id <= 4;
update port_call set remark = E'line\n\\.\n' where id = 5;
insert into port_tug (name, pull, fuel) values ('Hercules', 82.5, 1e-300), ('Ox', 'NaN', 'Infinity'), ('Ant', 0.125, '-0');
insert into port_tug_job select t.id, c.id, round(1.0 / (t.id + 1), 4) from port_tug t, port_call c where c.id <= 6;
insert into port_pilotage (pilot_id, call_id, during)
values (1, 1, '{[2026-01-01 00:00+00,2026-01-01 01:00+00),[2026-01-01 20:00+00,)}'), (2, 1, null), (1, 2, '{(,)}');
insert into port_crew_list values (1, array[row ('Käpt''n', '{"+1 \"x\""}', row (1, 2)), null]::port_contact[],
                                   '{"\\x00",NULL}', '{{1,NULL},{3,4}}'), (2, '{}', '{}', '[0:1]={5,6}'), (3, null, null, null);
insert into port_log values (1, '2024-12-31 23:59:59+00', 'of ' || current_schema()), (1, '2025-06-01 00:00+00', null),
       (2, '-infinity', '');
insert into port_box (number, kind, owner_id, tare, temperatures, place, outline, flags, mask)
values ('CSQU3054383', '22G1', 1, '2200.50', '[-20,5]', '(1.5,-2)', '[(0,0),(1,1)]', B'101', B'0001'),
       ('MSKU6011672', '42R1', null, '-0.01', 'empty', null, null, B'', null), ('TGHU7599330', 'L5G1', 3, null, '(,7)',
        '(NaN,Infinity)', '((0,0))', null, B'1111');
insert into port_manifest (call_id, kind, signed, raw)
values (1, 'import', '2026-01-01', '<a b="&lt;">text</a>'), (2, 'transit', 'infinity', null), (3, 'export', null, '');
insert into port_manifest_line (manifest_number, position, box_number, goods, weight, tags, declared)
values (5000, 1, 'CSQU3054383', 'the bananas of ' || current_schema(), -5, '{fresh,NULL,"a b",""}', '{"b":1, "a" : 2,"a":3}'),
       (5000, 2, null, '', null, null, null), (5001, 1, 'MSKU6011672', 'Eisen' || chr(8203) || 'erz', 'NaN', '{}', '[]'),
       (5001, 2, 'TGHU7599330', 'gas', 12345678901234567890123456789.000000000000000000001, '{{a,b},{c,d}}', 'null'),
       (5002, -1, 'TGHU7599330', repeat('long ', 5000), '-Infinity', '{x}', '""');
insert into port_hazard values (1203, 'petrol'), (1, ''), (9999, E'\x01\x7f');
insert into port_line_hazard values (5001, 2, 1203, 3), (5001, 2, 1, null);
insert into port_seal (box_number, seal, broken) values ('CSQU3054383', null, null), (null, null, 'epoch'),
       (null, 'S', '2026-01-01 12:00+12:45');
insert into port_document (manifest_number, title, body, content, wanted, pages)
values (5000, 'Bill', 'of lading', decode(repeat('00ff5c', 3000), 'hex'), '''bill'' & !''of'':*', 3),
       (null, '', '', null, null, null), (5001, E'\\x41', 'a' || E'\n\n' || 'b', '', '', 2147483647);
insert into port_customs values (5000, 'held', '', 999999), (5001, 'cleared', null, 100), (5002, 'open', 'me', null);
insert into port_reading (at, sensor, value, payload)
select t, (array['wind', 'gust', 'tide'])[1 + n % 3],
       case n % 5 when 0 then 'NaN' when 1 then '-Infinity' when 2 then null else n / 7.0::double precision end,
       jsonb_build_object('n', n, 'of', current_schema())
  from generate_series(timestamptz '2025-12-30 00:00+00', '2026-03-05 00:00+00', '6 hours') with ordinality s (t, n);
insert into port_gate_move (direction, box_number, plate, at)
values ('in', 'CSQU3054383', 'ab-12', '2026-01-01 00:00+00'), ('in', null, null, 'infinity'),
       ('out', 'MSKU6011672', 'zz', '2026-01-02 00:00+00');
insert into port_scan select b.number, n, sha256((b.number || n)::bytea) from port_box b, generate_series(1, 4) n;
insert into port_alarm (reading_id, reading_at, sensor, level) select id, at, sensor, 2 from port_reading where id in (1, 100, 200);
insert into port_alarm (level) values (-32768);
insert into port_incident (title) values ('unknown'), (current_schema());
insert into port_incident_spill (id, title, litres) values (1, 'oil', 0.1), (3, 'unknown', 'NaN');
insert into port_incident_fire (id, is_out) values (1, null), (-1, true);
insert into port_tariff (kind, during, rate, steps) values ('tanker', '[2026-01-01,infinity)', 12.30, '{1,NULL,2.50}'),
       (null, '[,2026-01-01)', 0, '{}'), (null, '[2026-01-01,)', 999999999999.99, '[0:0]={7}');
insert into port_invoice (number, call_id, company_id, issued, due, total, is_paid)
values ('A-1', 1, 1, '2026-01-05', default, 100.10, null), ('A-2', null, 2, '-infinity', 'infinity', null, false),
       ('', 2, 1, '4714-11-24 BC', '5874897-12-31', 'NaN', true);
insert into port_invoice_line values (1, 1, 'quay', 99999999999999999999.9999999999, 1.0 / 3), (1, 2, E'\t', 0, 'NaN'),
       (2, 32767, 'x', -0.0000000001, 1e-100);
insert into port_payment (invoice_id, amount, paid, note) values (1, 1, '2026-01-06 00:00:00.000001', 'part'),
       (1, 2, 'infinity', null), (1, 3, '2026-01-07', null), (3, 'NaN', '-infinity', '');
call port_post(10.5);
call port_post(amount => -0.25, reason => null);
call port_settle(1);
delete from port_ledger where number = 1;
insert into port_quote values ('k', '{"of": 1}', 'infinity'), ('', '[]', null);
update port_vessel_list set name = 'Nimbus II' where imo = '9176187';
select nextval('port_ticket'), setval('port_manifest_number', 260001, false), setval('port_berth_mark', 77, true);
refresh materialized view port_call_day;
refresh materialized view port_call_month;
refresh materialized view port_call_all;
