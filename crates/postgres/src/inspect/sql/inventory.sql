SELECT 'pg_class'::regclass::oid, c.oid, 0::oid FROM pg_class c
WHERE c.relkind NOT IN ('t', 'c', 'i', 'I') AND c.relpersistence <> 't' AND $user(c, pg_class)
UNION ALL
SELECT 'pg_class'::regclass, i.indexrelid, i.indrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE i.indexrelid >= 16384 AND c.relkind <> 't' AND c.relpersistence <> 't' AND $user(c, pg_class)
UNION ALL
SELECT 'pg_type'::regclass, t.oid, 0 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE $user(t, pg_type) AND n.nspname !~ '^pg_(temp|toast)' AND COALESCE(c.relkind, 'c') = 'c' AND t.typtype <> 'm'
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, k.conrelid FROM pg_constraint k
LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE k.oid >= 16384 AND k.contype <> 't' AND ((c.oid IS NOT NULL AND c.relpersistence <> 't' AND $user(c, pg_class))
  OR (t.oid IS NOT NULL AND $user(t, pg_type)))
UNION ALL
SELECT 'pg_trigger'::regclass, g.oid, g.tgrelid FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND c.relpersistence <> 't' AND $user(c, pg_class)
UNION ALL
SELECT 'pg_rewrite'::regclass, r.oid, r.ev_class FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relpersistence <> 't' AND $user(c, pg_class)
UNION ALL
SELECT 'pg_attrdef'::regclass, a.oid, a.adrelid FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid
WHERE c.relpersistence <> 't' AND $user(c, pg_class)
UNION ALL
SELECT 'pg_proc'::regclass, p.oid, 0 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE $user(p, pg_proc) AND n.nspname !~ '^pg_temp_'
UNION ALL
SELECT DISTINCT d.classid, d.objid, 0::oid FROM (
  SELECT classid, objid FROM pg_depend WHERE objid >= 16384
  UNION SELECT classid, objid FROM pg_shdepend
    WHERE objid >= 16384 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION SELECT 'pg_extension'::regclass, oid FROM pg_extension
  UNION SELECT 'pg_language'::regclass, oid FROM pg_language WHERE oid >= 16384
  UNION SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper WHERE oid >= 16384
  UNION SELECT 'pg_publication'::regclass, oid FROM pg_publication WHERE oid >= 16384
  UNION SELECT 'pg_cast'::regclass, oid FROM pg_cast WHERE oid >= 16384
  UNION SELECT 'pg_largeobject'::regclass, oid FROM pg_largeobject_metadata) d
WHERE d.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_constraint'::regclass, 'pg_trigger'::regclass,
    'pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_proc'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass)
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_policy p JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = p.polrelid
    WHERE e.deptype = 'e' AND d.classid = 'pg_policy'::regclass AND p.oid = d.objid)
