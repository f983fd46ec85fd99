-- Before the first shared migration: the role of platform calls, and nothing for anybody else.
create role :"platform" nologin;
grant :"platform" to :"worker";
revoke all on database :"database" from public;
grant connect on database :"database" to :"worker";
revoke all on schema public from public;
grant usage on schema public to :"platform";
alter default privileges revoke execute on functions from public;
alter default privileges in schema public
    grant select, insert, update, delete on tables to :"platform";
