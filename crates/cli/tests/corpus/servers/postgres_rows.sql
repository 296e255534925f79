-- The rows of every table as one number: how many, and a digest that does not depend on their order, computed by the server.
-- Where sequences stand belongs to it. If `masked` says so, what the clock and chance made is put aside: moments of the last day,
-- in words or in seconds, and random UUIDs.
SET search_path = '';
SET TimeZone = 'UTC';
SELECT CASE WHEN :'masked' = 'yes' THEN concat('(', current_date, '|', current_date - 1, '|', current_date + 1, ')[ T][0-9:.]{8,}([+-][0-9:]+)?|',
  '\m(', now_seconds, '|', now_seconds - 1, '|', now_seconds + 1, ')[0-9]{5}([0-9]{3})?\M|',
  '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}') ELSE '' END AS mask
FROM (SELECT floor(extract(epoch FROM now()) / 100000)::integer AS now_seconds) AS clock \gset
SELECT format($$SELECT %L, concat(count(*), ' rows ', md5(string_agg(hash, '' ORDER BY hash)))
  FROM (SELECT md5(%s) AS hash FROM ONLY %s AS entry) AS hashes$$, 'rows of ' || c.oid::regclass,
  CASE WHEN :'mask' = '' THEN 'entry::text' ELSE format($$regexp_replace(entry::text, %L, 'now', 'g')$$, :'mask') END,
  c.oid::regclass)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relname NOT LIKE 'stead\_%'
  AND (c.relkind = 'r' OR (c.relkind = 'm' AND c.relispopulated)) \gexec
SELECT format($$SELECT %L, concat(last_value, ' ', is_called) FROM %s$$, 'state of ' || c.oid::regclass, c.oid::regclass)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname NOT LIKE 'pg\_%' AND c.relname NOT LIKE 'stead\_%' \gexec
