-- From here on as the role that the scratch schema was given to, as calls of users are.  The membership is rolled back
-- with the schema, so that no other session hears of it; without it the rows are written as the owner.  It is granted in
-- any case: from PostgreSQL 16 on whoever made a role is a member that cannot set it.
do $block$
begin
    execute format('grant %I to %I', :'role', current_user);
    perform set_config('role', :'role', true);
exception
    when insufficient_privilege then
        null;
end
$block$;
