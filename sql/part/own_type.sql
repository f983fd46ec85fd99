-- The type y of an attribute t of a relation c, e being the type of its elements: without the schema if it is c's own.
case when y.typnamespace = c.relnamespace then coalesce(e.typname || '[]', y.typname::text)
     else pg_catalog.format_type(t.atttypid, t.atttypmod) end
