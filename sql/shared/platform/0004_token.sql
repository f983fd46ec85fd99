-- Links in mails that let a superuser set a password, once.
-- migrate:up
create table public.platform_token (
    secret_hash bytea primary key,
    user_id bigint not null references public.platform_superuser (id) on delete cascade,
    create_time timestamptz not null default now(),
    expire_time timestamptz not null
);
create index platform_token_user_id on public.platform_token (user_id);
create index platform_token_expire_time on public.platform_token (expire_time);

-- migrate:down
drop table public.platform_token;
