-- Settings that make every PostgreSQL write values as the same text and read them back, and that make it fail rather
-- than leave out rows which row level security hides.
set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
set_config('timezone', 'UTC', true), set_config('extra_float_digits', '1', true),
set_config('bytea_output', 'hex', true), set_config('xmloption', 'content', true),
set_config('lc_monetary', 'C', true), set_config('row_security', 'off', true)
