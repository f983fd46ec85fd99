-- Ahead of a script that somebody else wrote: notes how it finds the transaction.  What is set for the transaction
-- alone is gone when the script leaves it.
-- rows: none
select set_config('ciq.context', {script_context}::text, true),
       set_config('ciq.settings', {script_own_settings}::text, true)
