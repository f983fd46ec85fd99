-- rows: many into mails
select {mail_columns}, m.id::text as page_key,
       case when m.page_row = :page.scan then :state = '' or m.state = :state end as page_last
  from (select m.*, row_number() over (order by m.id desc) as page_row
          from (select m.*
                  from {mails}
                 where m.id < coalesce(:page.key::bigint, 9223372036854775807)
                 order by m.id desc
                 limit :page.scan) m) m
 where m.page_row = :page.scan or :state = '' or m.state = :state
 order by m.id desc
 limit :page.limit
