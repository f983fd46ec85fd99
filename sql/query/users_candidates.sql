-- The users who have every trigram of what is searched for; null: more than a thousand, or what is searched for is too
-- short to have one. Older rows may have decomposed letters.
-- rows: none
select case when count(*) <= 1000 and length(lower(normalize(:search))) >= 3 then coalesce(array_agg(c.id), '{}') end::text as ids
  from (select u.id
          from users_customuser u
         where length(lower(normalize(:search))) >= 3
           and ({user_trigrams} @> array(select substr(lower(normalize(:search)), i, 3)
                                           from generate_series(1, length(lower(normalize(:search))) - 2) i)
                or {user_trigrams} @> case when normalize(:search) <> normalize(:search, NFD) then
                       array(select substr(lower(normalize(:search, NFD)), i, 3)
                               from generate_series(1, length(lower(normalize(:search, NFD))) - 2) i) end)
         limit 1001) c
