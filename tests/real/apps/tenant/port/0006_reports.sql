-- Views, kept results that read one another, and search.
-- migrate:up
create view port_open_call as
    select id, imo, berth_id, stay, state, remark from port_call where state in ('announced', 'berthed')
    with local check option;
create view port_my_call as select * from port_open_call where remark <> 'secret' with cascaded check option;
alter view port_open_call alter column remark set default 'by view';
create view port_company_public with (security_barrier) as
    select c.id, c.name, k.name as country from port_company c join port_country k on k.code = c.country_code
     where c.register_number is not null;
create view port_vessel_list with (security_invoker = true) as
    select imo, name, area, kind::text as kind from port_vessel;
create recursive view port_company_tree (id, root_id, depth) as
    select id, id, 0 from port_company where parent_id is null
    union all
    select c.id, t.root_id, t.depth + 1 from port_company c join port_company_tree t on t.id = c.parent_id;
comment on view port_company_tree is 'Who belongs to whom';
comment on column port_company_tree.depth is 'Zero is the root';

-- lint: allow materialized-view
create materialized view port_call_day as
    select lower(stay)::date as day, state, count(*) as calls from port_call group by 1, 2;
create unique index port_call_day_key on port_call_day (day, state);
-- lint: allow materialized-view
create materialized view port_call_month (month, calls) with (fillfactor = 90) as
    select date_trunc('month', day::timestamp)::date, sum(calls) from port_call_day group by 1;
-- lint: allow materialized-view
create materialized view port_call_all as
    select (select max(calls) from port_call_month) as busiest, port_ledger_total() as total;
create view port_call_summary as select m.month, m.calls, a.busiest from port_call_month m cross join port_call_all a;
-- lint: allow materialized-view
create materialized view port_unused as select count(*) as calls from port_call with no data;

create function port_vessel_list_write() returns trigger language plpgsql as $$
begin
    update port_vessel set name = new.name where imo = old.imo;
    return new;
end
$$;
-- lint: allow trigger
create trigger port_vessel_list_write instead of update on port_vessel_list for each row
    execute function port_vessel_list_write();
-- lint: allow rule
create rule port_company_public_delete as on delete to port_company_public do instead nothing;
-- lint: allow rule
create rule port_ledger_keep as on delete to port_ledger where old.amount <> 0 do instead
    insert into port_ledger (amount, reason) values (-old.amount, 'deleted');
comment on rule port_ledger_keep on port_ledger is 'Nothing is ever deleted';

create text search dictionary port_plain (template = simple, stopwords = english);
comment on text search dictionary port_plain is 'Words as they are';
create text search configuration port_search (copy = simple);
alter text search configuration port_search alter mapping for asciiword, word with port_plain;
comment on text search configuration port_search is 'Words without the most frequent';
create index port_manifest_line_goods on port_manifest_line
    using gin (to_tsvector('port_search'::regconfig, goods));
create function port_find(query text) returns setof port_manifest_line language sql stable
    set default_text_search_config from current
    as $$ select * from port_manifest_line where to_tsvector('port_search', goods) @@ to_tsquery('port_search', query) $$;

create statistics port_call_facts (ndistinct, dependencies, mcv) on imo, berth_id, state from port_call;
create statistics port_call_length on (upper(stay) - lower(stay)) from port_call;
comment on statistics port_call_facts is 'One ship likes one berth';
alter statistics port_call_facts set statistics 200;

-- migrate:down
drop statistics port_call_length;
drop statistics port_call_facts;
drop function port_find(text);
drop index port_manifest_line_goods;
drop text search configuration port_search;
drop text search dictionary port_plain;
drop rule port_ledger_keep on port_ledger;
drop rule port_company_public_delete on port_company_public;
drop trigger port_vessel_list_write on port_vessel_list;
drop function port_vessel_list_write();
drop materialized view port_unused;
drop view port_call_summary;
drop materialized view port_call_all;
drop materialized view port_call_month;
drop materialized view port_call_day;
drop view port_company_tree;
drop view port_vessel_list;
drop view port_company_public;
drop view port_my_call;
drop view port_open_call;
