SELECT c.oid, n.nspname::text, c.relname::text, d.refobjid, d.refobjsubid::int2, d.deptype::text,
  concat_ws(' ',
    CASE WHEN s.seqtypid <> 'int8'::regtype AND COALESCE(d.deptype, 'a') <> 'i' THEN 'AS ' || format_type(s.seqtypid, NULL) END,
    CASE WHEN s.seqstart <> CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END THEN 'START WITH ' || s.seqstart END,
    CASE WHEN s.seqincrement <> 1 THEN 'INCREMENT BY ' || s.seqincrement END,
    CASE WHEN s.seqmin <> CASE WHEN s.seqincrement > 0 THEN 1 ELSE b.low END THEN 'MINVALUE ' || s.seqmin END,
    CASE WHEN s.seqmax <> CASE WHEN s.seqincrement > 0 THEN b.high ELSE -1 END THEN 'MAXVALUE ' || s.seqmax END,
    CASE WHEN s.seqcache <> 1 THEN 'CACHE ' || s.seqcache END,
    CASE WHEN s.seqcycle THEN 'CYCLE' END),
  c.relpersistence = 'u', c.relowner, tc.relowner,
  CASE WHEN tc.relpersistence IN ('p', 'u') AND c.relpersistence <> tc.relpersistence
    THEN CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END END,
  CASE WHEN s.seqtypid <> ta.atttypid THEN format_type(s.seqtypid, NULL) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
CROSS JOIN LATERAL (SELECT CASE s.seqtypid WHEN 'int2'::regtype THEN -32768 WHEN 'int4'::regtype THEN -2147483648
      ELSE (-9223372036854775808)::int8 END AS low,
    CASE s.seqtypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE 9223372036854775807 END AS high) b
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
  AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT JOIN pg_class tc ON tc.oid = d.refobjid
LEFT JOIN pg_attribute ta ON ta.attrelid = d.refobjid AND ta.attnum = d.refobjsubid
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND $user(c, pg_class)
ORDER BY n.nspname, c.relname
