-- What a job of the application does at night, as the schemas' owner.
create table port_reading_2026_03 partition of port_reading for values from ('2026-04-01 00:00+00') to ('2026-05-01 00:00+00');
create table port_reading_2026_05 partition of port_reading for values from ('2026-05-01 00:00+00') to ('2026-06-01 00:00+00')
    partition by hash (id);
create table port_reading_2026_05_0 partition of port_reading_2026_05 for values with (modulus 1, remainder 0);
create unlogged table port_log_2027 partition of port_log for values from ('2027-01-01 00:00+00') to ('2028-01-01 00:00+00');
create table port_gate_move_rail partition of port_gate_move for values in ('rail', 'it''s');
insert into port_reading (at, sensor, value) values ('2026-04-02 00:00+00', 'tide', 1.5), ('2026-05-02 00:00+00', 'wind', -1.5);
insert into port_log values (9, '2027-01-02 00:00+00', 'by a job of ' || current_schema());
insert into port_gate_move (direction, at) values ('it''s', 'infinity');
