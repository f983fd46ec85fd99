-- rows: one into mail
select {mail_columns}
  from {mails}
 where m.id = :id
