-- The statement that takes rows with these columns, one a line, in this order.
-- rows: one
select format('copy %I.%I (%s) from stdin', :arg.schema::text, :arg.table::text,
              (select string_agg(quote_ident(name), ', ' order by place)
                 from unnest(string_to_array(:arg.columns, E'\n')) with ordinality c (name, place))) as statement
