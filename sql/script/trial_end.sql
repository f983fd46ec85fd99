-- What the commit of a new tenant would check, and what no second tenant could have.
set constraints all immediate;
do $block$
declare
    extension text := (select string_agg(e.extname, ', ') from pg_catalog.pg_extension e
                        where e.extnamespace = current_schema()::regnamespace);
begin
    if extension is not null then
        raise exception 'the extension % would be in this tenant''s schema, and the database has it only once: create '
                        'it in a shared migration, in a schema that --extension-schemas names', extension;
    end if;
end
$block$;
