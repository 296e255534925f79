WITH RECURSIVE found (class, number, fleeting) AS (
  SELECT 'pg_namespace'::regclass::oid, n.oid, true FROM pg_namespace n WHERE n.nspname ~ '^pg_(toast_)?temp_'
  UNION
  SELECT 'pg_class'::regclass, c.oid, false FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relname IN ($own)
  UNION
  SELECT d.classid, d.objid, f.fleeting FROM found f JOIN pg_depend d ON d.refclassid = f.class AND d.refobjid = f.number
  WHERE d.objid >= 16384 AND (f.fleeting OR d.deptype IN ('a', 'i'))
)
SELECT class, number FROM found
