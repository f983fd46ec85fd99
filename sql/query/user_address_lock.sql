-- Whether a user gets another address.  The lock is against a link that is made for the old one meanwhile.
-- rows: one
select lower(email) <> lower(:user.email) as moves from users_customuser where id = :id for update
