SELECT current_setting('server_version_num')::int4, d.datdba, set_config('search_path', '', true), set_config('jit', 'off', true),
  set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true),
  set_config('extra_float_digits', '3', true), set_config('quote_all_identifiers', 'off', true), set_config('bytea_output', 'hex', true)
FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
