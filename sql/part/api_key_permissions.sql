-- What is asked for an API key, sorted and once each.
array(select distinct asked collate "C" from unnest(:api_key.permissions::text[]) asked order by 1)
