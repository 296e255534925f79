-- Three made-up rows for each table, as far as its constraints let them in. Columns that refer to another table get what
-- stands there, so tables are visited several times; the passes differ in what a text and a date look like, since a check may
-- want small letters or the number of a version, and a partition may only be there for today. No text is longer than `longest`.
SELECT set_config('corpus.longest', :'longest', false);
CREATE FUNCTION pg_temp.value_of(kind oid, modifier integer, label text, number integer, pass integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  fact record;
  length integer := least(current_setting('corpus.longest')::integer, nullif(modifier - 4, -5));
BEGIN
  SELECT typtype, typcategory, typbasetype, typtypmod, typelem, typname INTO fact FROM pg_type WHERE oid = kind;
  RETURN CASE
    WHEN fact.typtype = 'd' THEN pg_temp.value_of(fact.typbasetype, fact.typtypmod, label, number, pass)
    WHEN fact.typtype = 'e' THEN
      (SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = kind ORDER BY enumsortorder OFFSET (number - 1) %
        (SELECT count(*) FROM pg_enum WHERE enumtypid = kind) LIMIT 1)
    WHEN fact.typcategory = 'A' THEN format('ARRAY[%s, NULL]::%s',
      pg_temp.value_of(fact.typelem, modifier, label, number, pass), format_type(kind, NULL))
    WHEN fact.typtype = 'r' THEN quote_literal('empty')
    WHEN fact.typname IN ('float4', 'float8', 'numeric') THEN format('%s::%s / 3', number, format_type(kind, NULL))
    WHEN fact.typcategory = 'N' AND label LIKE '%year' THEN (2000 + number)::text
    WHEN fact.typcategory = 'N' THEN number::text
    WHEN fact.typcategory = 'B' THEN (number % 2 = 0)::text
    WHEN fact.typname = 'interval' THEN quote_literal(number || ' days 03:04:05.678')
    WHEN fact.typname IN ('time', 'timetz') THEN quote_literal('08:30:00.12345')
    WHEN fact.typcategory = 'D' AND pass = 6 THEN quote_literal(current_date + number * interval '1 hour')
    WHEN fact.typcategory = 'D' AND pass = 7 THEN quote_literal('2007-0' || number || '-17 08:30:00')
    WHEN fact.typcategory = 'D' THEN quote_literal('2023-0' || number || '-17 08:30:00.123456')
    WHEN fact.typname = 'uuid' THEN quote_literal(md5(label || number)::uuid)
    WHEN fact.typname = 'bytea' THEN quote_literal('\x00ff0a5c' || lpad(number::text, 24, '0') || md5(label))
    WHEN fact.typname IN ('json', 'jsonb') THEN format('%L', format('{"b": %s, "a": [null, "\u00e4"]}', number))
    WHEN fact.typname = 'inet' THEN quote_literal('10.0.0.' || number)
    WHEN fact.typname = 'ltree' THEN quote_literal('top.n' || number)
    WHEN fact.typname = 'tsvector' THEN format('to_tsvector(%L)', label || ' ' || number)
    WHEN fact.typname = 'bpchar' THEN quote_literal(left(number || label, length))
    WHEN fact.typcategory IN ('S', 'U') AND pass = 3 THEN quote_literal(left('n' || number || md5(label), length))
    WHEN fact.typcategory IN ('S', 'U') AND pass = 4 THEN quote_literal('1.0.' || number)
    -- A quote, a letter of two bytes and one of four, what COPY would write for null, a tabulator and the end of a line.
    WHEN fact.typcategory = 'S' THEN quote_literal(left(number || label || ' ''' || U&'\00e4\+01f40c' || ' \N' || E'\t\n"', length))
    ELSE quote_literal(number) END;
END $$;

-- Where the other table has nothing yet, the fifth pass, which looks at no references, takes what will stand there.
CREATE FUNCTION pg_temp.made_up(entry pg_attribute, number integer, pass integer) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce((SELECT format('coalesce((SELECT %I FROM %s ORDER BY 1 OFFSET %s LIMIT 1), %s)', f.attname, confrelid::regclass,
    number - 1, CASE WHEN pass = 5 THEN pg_temp.value_of(f.atttypid, f.atttypmod, confrelid::regclass || '.' || f.attname, number, 1)
      ELSE 'NULL' END)
    FROM pg_constraint CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (own, other)
    JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = other
    WHERE contype = 'f' AND conrelid = entry.attrelid AND own = entry.attnum ORDER BY conname LIMIT 1),
    pg_temp.value_of(entry.atttypid, entry.atttypmod,
      entry.attrelid::regclass || '.' || entry.attname, number, pass))
$$;

DO $$
DECLARE
  place record;
  names text;
  made text;
  done text[] := '{}';
BEGIN
  FOR pass IN 1..7 LOOP
    PERFORM set_config('session_replication_role', CASE WHEN pass = 5 THEN 'replica' ELSE 'origin' END, true);
    FOR place IN SELECT c.oid, c.oid::regclass AS said, number
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN generate_series(1, 3) number
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
        AND c.relname NOT LIKE 'stead\_%' ORDER BY c.oid::regclass::text COLLATE "C", number
    LOOP
      CONTINUE WHEN place::text = ANY (done);
      SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
        string_agg(pg_temp.made_up(a, place.number, pass), ', ' ORDER BY attnum) INTO names, made
      FROM pg_attribute a WHERE attrelid = place.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
      BEGIN
        EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)', place.said, names, made);
        done := done || place::text;
      EXCEPTION WHEN OTHERS THEN
        NULL;
      END;
    END LOOP;
  END LOOP;
END $$;

-- What the fifth pass promised and nobody kept.
SET session_replication_role = replica;
SELECT format('DELETE FROM %s AS own WHERE (%s) IS NOT NULL AND NOT EXISTS (SELECT FROM %s AS other WHERE (%s) = (%s))',
  conrelid::regclass, own, confrelid::regclass, own, other)
FROM generate_series(1, 6) AS round, pg_constraint CROSS JOIN LATERAL (
  SELECT string_agg(format('own.%I', o.attname), ', '), string_agg(format('other.%I', f.attname), ', ')
  FROM unnest(conkey, confkey) AS pair (a, b) JOIN pg_attribute o ON o.attrelid = conrelid AND o.attnum = a
  JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = b) AS columns (own, other)
WHERE contype = 'f' AND conparentid = 0 ORDER BY round, conrelid::regclass::text, conname \gexec

-- A load makes these anew, so they are to show what the tables hold, those that build on others too.
SET session_replication_role = origin;
SELECT format('REFRESH MATERIALIZED VIEW %s', c.oid::regclass) FROM generate_series(1, 3) AS round, pg_class c
WHERE c.relkind = 'm' AND c.relispopulated ORDER BY round, c.oid::regclass::text \gexec

-- A sequence stands where nobody would expect it. A counter of a year or of a minute may be too narrow for that number.
SELECT format('SELECT setval(%L, %s)', c.oid::regclass, least(seqmax, 41))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence ON seqrelid = c.oid
WHERE n.nspname NOT LIKE 'pg\_%' AND c.relname NOT LIKE 'stead\_%' ORDER BY 1 \gexec
