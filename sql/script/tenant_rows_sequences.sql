-- Reads the state of every sequence of a schema, whether it was used or only set.  A sequence is of no snapshot: this
-- runs after the rows' own was taken, so that no number is behind them.
do $block$
declare
    sequences jsonb[] := '{}';
    item record;
    last_value bigint;
    is_called boolean;
begin
    for item in
        select relname from pg_class
         where relnamespace = to_regnamespace(quote_ident(:'schema')) and relkind = 'S'
    loop
        execute format('select last_value, is_called from %I.%I', :'schema', item.relname) into last_value, is_called;
        sequences := sequences || jsonb_build_object('name', item.relname, 'last_value', last_value,
                                                     'is_called', is_called);
    end loop;
    perform set_config('ciq.rows_sequences', to_jsonb(sequences)::text, true);
end
$block$;
