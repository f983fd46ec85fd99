-- The users who have every trigram of what is searched for; null: more than a thousand, or what is searched for is too
-- short to have one.
-- rows: none
select case when count(*) <= 1000 and length(lower(:search)) >= 3 then coalesce(array_agg(c.id), '{}') end::text as ids
  from (select u.id
          from users_customuser u
         where length(lower(:search)) >= 3
           and {user_trigrams} @> array(select substr(lower(:search), i, 3)
                                          from generate_series(1, length(lower(:search)) - 2) i)
         limit 1001) c
