-- The same as users/0007 of each tenant: who made an API key of the platform, by number.
-- migrate:up
alter table public.core_api_key add column maker_kind text, add column maker_id bigint;
update public.core_api_key k
   set maker_kind = 'superuser', maker_id = s.id
  from public.platform_superuser s
 where k.creator = 'superuser ' || s.email and s.is_active;

-- migrate:down
alter table public.core_api_key drop column maker_kind, drop column maker_id;
