-- The answer to the question k, with what was found.
k.attempt, 'none' as expected, coalesce(f.what, 'none') as got, f.what is null as ok
