-- rows: one
with created as (
    insert into public.demo_demorequest
           (company_name, first_name, last_name, email, phone, job_title, company_size, industry, message, origin)
    values (:demo_request.company_name, :demo_request.first_name, :demo_request.last_name, :demo_request.email,
            :demo_request.phone, :demo_request.job_title, :demo_request.company_size, :demo_request.industry,
            :demo_request.message, :arg.origin)
    returning id
), told as (
    insert into public.demo_event (demo_id, kind, text, actor)
    select id, 'state', 'pending', :arg.actor from created
)
select id from created
