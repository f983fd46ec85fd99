-- Behind such a script: whether the transaction is the one that script_begin saw (context is empty where it is not),
-- and which settings differ.  What the script has set for itself is set back for those after it.
-- rows: one
with noted (context, settings) as (
    select nullif(current_setting('ciq.context', true), '')::jsonb,
           nullif(current_setting('ciq.settings', true), '')::jsonb
)
select n.context is not null and n.settings is not null as is_same,
       (select string_agg(c.key, ', ' order by c.key)
          from jsonb_each_text({script_context}) c
         where c.value is distinct from n.context ->> c.key) as changed,
       (select string_agg(set_config(s.key, n.settings ->> s.key, true), ' ')
          from jsonb_each_text({script_own_settings}) s
         where s.value is distinct from n.settings ->> s.key) as set_back
  from noted n
