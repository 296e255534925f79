SELECT DISTINCT
  CASE WHEN c.oid IS NOT NULL THEN 'pg_type'::regclass::oid ELSE d.classid END,
  COALESCE(c.reltype, d.objid),
  CASE WHEN rc.oid IS NOT NULL THEN 'pg_class'::regclass::oid ELSE d.refclassid END,
  COALESCE(rc.oid, range.rngtypid, element.oid, d.refobjid), d.deptype::text
FROM pg_depend d
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'c'
LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
LEFT JOIN pg_type element ON element.typarray = t.oid AND t.oid <> 0
LEFT JOIN pg_range range ON range.rngmultitypid = COALESCE(element.oid, t.oid) -- since 14
LEFT JOIN (SELECT NULL::oid AS rngtypid WHERE false) range ON true -- before 14
LEFT JOIN pg_class rc ON rc.oid = COALESCE(element.typrelid, t.typrelid) AND rc.relkind <> 'c'
WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.refclassid <> 'pg_namespace'::regclass
  AND (d.deptype = 'n' OR d.deptype = 'x'
       OR (d.deptype = 'a' AND d.classid = 'pg_constraint'::regclass AND d.refclassid = 'pg_type'::regclass)
       OR (d.deptype IN ('a', 'i') AND d.classid IN ('pg_opclass'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass,
             'pg_cast'::regclass, 'pg_transform'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_foreign_server'::regclass, 'pg_publication_rel'::regclass, 'pg_publication_namespace'::regclass)))
