-- What must be known before somebody's rights change: the tenant's active admins, locked in one order so
-- that two such changes come one after the other.
-- rows: one into user
with admins as (
    select id from users_customuser where is_admin and is_active order by id for update
)
select u.is_admin, u.is_active, (select count(*) from admins where admins.id <> u.id) as other_admins
  from users_customuser u
 where u.id = :id
