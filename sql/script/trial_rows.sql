-- Writes what the server itself writes into a tenant's tables, with the values of the first migrations, so that it can
-- be tried with any set of them: nobody could be made, or sign in, where one of these is refused.  What people choose,
-- a rule of an app may refuse; so such rows need only be possible.
do $block$
declare
    admin bigint;
    member bigint;
    team bigint;
begin
    set constraints all deferred;
    insert into core_idempotency (key, request_hash) values ('\x01', '\x01');
    if to_regclass('users_customuser') is not null then
        insert into users_customuser (email, password, first_name, last_name, is_admin, job_title)
        values ('admin@trial.example', '$argon2id$', 'Admin', 'User', true, 'Administrator')
        returning id into admin;
        insert into auth_group (name) values ('Tenant Admins') returning id into team;
        insert into auth_group_permissions (group_id, permission_id) select team, id from auth_permission;
        insert into users_customuser_groups (user_id, group_id) values (admin, team);
        update users_customuser set last_login = now() where id = admin;
        insert into core_session (user_id, secret_hash, expire_time, origin)
        values (admin, '\x01', now() + interval '1 hour', 'ipc:uid=0');
        begin
            insert into users_customuser
                   (email, password, first_name, last_name, is_admin, phone_number, job_title, department, preferences)
            values ('member@trial.example', '', 'Mary', 'Member', false, '+49 30 123456', 'Clerk', 'Sales', '{}')
            returning id into member;
            insert into users_customuser_user_permissions (user_id, permission_id) select member, id from auth_permission;
            update users_customuser set is_active = false where id = member;
            delete from users_customuser where id = member;
            insert into auth_group (name) values ('Staff') returning id into team;
            delete from auth_group where id = team;
        exception
            when check_violation or unique_violation or exclusion_violation or raise_exception then
                null;
        end;
        delete from core_session where user_id = admin;
    end if;
    if to_regclass('users_token') is not null then
        insert into users_token (secret_hash, user_id, expire_time) values ('\x01', admin, now());
    end if;
    if to_regclass('core_outbox') is not null then
        insert into core_outbox (template, recipient, user_id, parameters)
        values ('invitation', 'admin@trial.example', coalesce(admin, 1), '{"first_name": "Admin"}');
    end if;
    if to_regclass('core_api_key') is not null then
        insert into core_api_key (name, permissions, secret_hash, creator) values ('key', '{}', '\x01', 'Admin');
    end if;
    update core_idempotency set reply = '\x01' where key = '\x01';
    insert into core_audit (caller_kind, caller_id, caller_email, origin, method, target, code, request_id, count)
    values ('user', coalesce(admin, 0), 'admin@trial.example', 'ipc:uid=0', 'UserService/CreateUser', 'user 1', 0, '1', 1);
    set constraints all immediate;
end
$block$;
