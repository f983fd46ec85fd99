-- How many mails an address gets, whichever tenant sends them.
-- migrate:up
create table public.core_mail_limit (
    key text primary key,             -- a keyed hash of the address
    paid_time timestamptz not null    -- when the mails so far will be forgotten
);
create index core_mail_limit_paid_time on public.core_mail_limit (paid_time);

-- migrate:down
drop table public.core_mail_limit;
