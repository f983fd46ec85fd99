-- rows: many into mails
select {mail_columns}, m.id::text as page_key
  from {mails}
 where m.id < coalesce(:page.key::bigint, 9223372036854775807)
   and (:state = '' or m.state = :state)
 order by m.id desc
 limit :page.limit
