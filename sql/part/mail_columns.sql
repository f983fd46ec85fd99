-- A mail m of {mails} with all that its message has.
m.id, m.template as template_name, m.recipient, m.state, m.attempts, m.last_error, m.create_time, m.next_time,
m.sent_time
