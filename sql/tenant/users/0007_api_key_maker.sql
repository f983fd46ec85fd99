-- Who made an API key, by number: what they may do no more the key may not either.  Of keys that were made before, the
-- maker is who has the address that creator names, if they may sign in now; other users' keys go on as they were.  A key
-- that was made under Act as is its superuser's, and one whose superuser is not found belongs to nobody, and has ended.
-- migrate:up
alter table core_api_key add column maker_kind text, add column maker_id bigint;
update core_api_key k
   set maker_kind = 'user', maker_id = u.id
  from users_customuser u
 where k.creator = 'user ' || u.email and u.is_active;
-- superusers are the platform's
-- lint: allow qualified-name
update core_api_key k
   set maker_kind = 'act_as',
       maker_id = case when k.creator = 'act_as' then 0
                       else coalesce((select s.id from public.platform_superuser s
                                       where k.creator = 'act_as ' || s.email), -1) end
 where split_part(k.creator, ' ', 1) = 'act_as';

-- migrate:down
alter table core_api_key drop column maker_kind, drop column maker_id;
