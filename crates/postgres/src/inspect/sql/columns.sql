SELECT a.attrelid, a.attnum, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
  a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid), d.oid,
  CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN format('%I.%I', cn.nspname, co.collname) END,
  a.attcompression::text, -- since 14
  ''::text, -- before 14
  CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
  NULLIF(a.attstattarget, -1)::int4, a.attoptions, CASE WHEN a.attfdwoptions IS NOT NULL THEN $options(a.attfdwoptions) END,
  a.attislocal, a.attinhcount::int4, a.attcollation, CASE WHEN a.attfdwoptions IS NOT NULL THEN $secrets(a.attfdwoptions) END
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND c.oid >= 16384
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
