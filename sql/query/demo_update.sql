-- rows: none
update public.demo_demorequest
   set company_name = case when :mask.demo_request.company_name then :demo_request.company_name
                           else company_name end,
       first_name = case when :mask.demo_request.first_name then :demo_request.first_name else first_name end,
       last_name = case when :mask.demo_request.last_name then :demo_request.last_name else last_name end,
       email = case when :mask.demo_request.email then :demo_request.email else email end,
       phone = case when :mask.demo_request.phone then :demo_request.phone else phone end,
       job_title = case when :mask.demo_request.job_title then :demo_request.job_title else job_title end,
       company_size = case when :mask.demo_request.company_size then :demo_request.company_size
                           else company_size end,
       industry = case when :mask.demo_request.industry then :demo_request.industry else industry end,
       message = case when :mask.demo_request.message then :demo_request.message else message end,
       state = case when :mask.demo_request.state then :demo_request.state else state end,
       reject_reason = case when :mask.demo_request.state then '' else reject_reason end,
       update_time = now()
 where id = :id
