-- Whether the address of an account u is the one that is asked for, in whatever spelling the row has it.
lower(u.email) = any(array(select lower(s) from unnest(string_to_array(:arg.spellings, ' ') || :arg.email::text) s))
