-- The same as session_insert, for a superuser.
-- rows: one
with signed_in as (
    update public.platform_superuser
       {sign_in}
)
insert into public.platform_session {session_start}
