-- Signs in a user whose password was found right a moment ago: no row if it is another one by now, or if the
-- user may not sign in any more.
-- rows: one
with signed_in as (
    update users_customuser
       {sign_in}
)
insert into core_session {session_start}
