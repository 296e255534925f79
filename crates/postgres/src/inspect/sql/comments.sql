SELECT d.classoid, d.objoid, d.objsubid, d.description, NULL::text, CASE WHEN a.attname IS NOT NULL THEN format('COLUMN %I.%I.%I', n.nspname, c.relname, a.attname) END, c.reltype
FROM pg_description d
LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid AND c.relkind = 'c' AND d.objsubid > 0
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
LEFT JOIN pg_namespace s ON d.classoid = 'pg_namespace'::regclass AND s.oid = d.objoid
WHERE (d.objoid >= 16384 OR s.oid = 2200) AND NOT (COALESCE(s.nspname = 'public', false) AND d.description = 'standard public schema')
UNION ALL
SELECT 'pg_namespace'::regclass, n.oid, 0, NULL, NULL, NULL, NULL FROM pg_namespace n WHERE n.nspname = 'public'
  AND NOT EXISTS (SELECT FROM pg_description d WHERE d.classoid = 'pg_namespace'::regclass AND d.objoid = n.oid)
UNION ALL
SELECT s.classoid, s.objoid, s.objsubid, s.label, s.provider, NULL, NULL FROM pg_seclabel s
ORDER BY 1, 2, 3, 5
