SELECT i.indexrelid, i.indrelid, n.nspname::text, c.relname::text, am.amname::text, i.indisunique, i.indisclustered, i.indisvalid,
  i.indisreplident,
  i.indnullsnotdistinct, -- since 15
  false, -- before 15
  i.indnkeyatts, i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[], i.indoption::int2[],
  pg_get_expr(i.indpred, i.indrelid), c.reloptions, ts.spcname::text,
  CASE WHEN k.oid IS NULL THEN pg_get_indexdef(i.indexrelid) END,
  CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(SELECT pg_get_indexdef(i.indexrelid, part, false) FROM generate_series(1, i.indnatts) part) END,
  k.oid, pn.nspname::text, pc.relname::text, extra.settings, COALESCE(k.contype::text, '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_class pc ON pc.oid = h.inhparent LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace
LEFT JOIN (SELECT a.attrelid, array_agg(a.attnum || ':' || COALESCE(NULLIF(a.attstattarget, -1)::text, '') || ':'
             || COALESCE(array_to_string(a.attoptions, ', '), '') ORDER BY a.attnum) AS settings
           FROM pg_attribute a JOIN pg_class x ON x.oid = a.attrelid
           WHERE x.relkind IN ('i', 'I') AND (a.attoptions IS NOT NULL OR NULLIF(a.attstattarget, -1) IS NOT NULL)
           GROUP BY a.attrelid) extra ON extra.attrelid = i.indexrelid
WHERE i.indexrelid >= 16384 AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
ORDER BY n.nspname, c.relname
