-- Whose a customer's domain is: a claim is pending until DNS has proved it.  Any number of tenants may claim one
-- domain, and one of them has it.  What was added before stays verified, without a proof that could be lost.
-- migrate:up
alter table public.tenants_domain
    drop constraint tenants_domain_domain_key,
    add column state text not null default 'verified',
    add column token text not null default replace(gen_random_uuid()::text, '-', ''),
    add column txt_name text not null generated always as ('_clientiq-challenge.' || domain) stored,
    add column txt_value text not null generated always as ('clientiq-verify=' || token) stored,
    add column claim_time timestamptz not null default now(),   -- since when it is to be proved
    add column verify_time timestamptz,           -- when DNS last proved it; null: never
    add column missing_time timestamptz,          -- of a verified one: since when its record is gone
    add column check_time timestamptz,            -- when DNS was last asked
    add column check_text text not null default '',             -- and what came of it
    add column next_time timestamptz,             -- when to ask, or to ask again; null: never
    add column attempts integer not null default 0,             -- looks since the record was last there
    add constraint tenants_domain_state_check check (state in ('pending', 'verified', 'failed')),
    add constraint tenants_domain_proof_check check (state = 'verified' or kind = 'custom');
create unique index tenants_domain_domain_key on public.tenants_domain (domain) where state = 'verified';
create unique index tenants_domain_domain on public.tenants_domain (domain, tenant_id);
create index tenants_domain_next_time on public.tenants_domain (next_time) where next_time is not null;

-- migrate:down
-- a server of before would route what nobody has proved
delete from public.tenants_domain where state <> 'verified';
drop index public.tenants_domain_next_time;
drop index public.tenants_domain_domain;
drop index public.tenants_domain_domain_key;
alter table public.tenants_domain
    drop constraint tenants_domain_proof_check, drop constraint tenants_domain_state_check,
    drop column attempts, drop column next_time, drop column check_text, drop column check_time,
    drop column missing_time, drop column verify_time, drop column claim_time, drop column txt_value,
    drop column txt_name, drop column token, drop column state,
    add constraint tenants_domain_domain_key unique (domain);
