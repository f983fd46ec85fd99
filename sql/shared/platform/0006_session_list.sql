-- A superuser's sessions, newest first, without a sort of all of them.
-- migrate:up
create index platform_session_user on public.platform_session (user_id, id);
drop index public.platform_session_user_id;

-- migrate:down
create index platform_session_user_id on public.platform_session (user_id);
drop index public.platform_session_user;
