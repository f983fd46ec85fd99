-- A migration run writes the heads of each tenant, which are in no index: with room in the page that is no work for
-- those.
-- migrate:up
alter table public.tenants_tenant set (fillfactor = 60);

-- migrate:down
alter table public.tenants_tenant reset (fillfactor);
