-- From here on as the role that the scratch schema was given to, as calls of users are.  The membership is rolled back
-- with the schema, so that no other session hears of it; without it the rows are written as the owner.
do $block$
begin
    if not pg_has_role(:'role', 'member') then
        execute format('grant %I to %I', :'role', current_user);
    end if;
    perform set_config('role', :'role', true);
exception
    when insufficient_privilege then
        null;
end
$block$;
