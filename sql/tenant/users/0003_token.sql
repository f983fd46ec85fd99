-- Links in mails that let somebody set a password, once: an invitation, a reset.
-- migrate:up
create table users_token (
    secret_hash bytea primary key,
    user_id bigint not null references users_customuser (id) on delete cascade,
    create_time timestamptz not null default now(),
    expire_time timestamptz not null
);
create index users_token_user_id on users_token (user_id);
create index users_token_expire_time on users_token (expire_time);

-- migrate:down
drop table users_token;
