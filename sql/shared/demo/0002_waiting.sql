-- An index for counting the demo requests that wait.
-- migrate:up
create index demo_demorequest_waiting on public.demo_demorequest (origin) where state = 'pending';

-- migrate:down
drop index public.demo_demorequest_waiting;
