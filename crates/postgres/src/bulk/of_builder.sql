WITH me AS (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user), own (class, number) AS (
  SELECT 'pg_namespace'::regclass, oid FROM pg_catalog.pg_namespace WHERE nspowner = (TABLE me)
  UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_catalog.pg_class AS c
    WHERE c.relowner = (TABLE me) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
      AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_catalog.pg_depend AS d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
                 AND d.refobjsubid <> 0 AND d.deptype IN ('a', 'i')))
  UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_catalog.pg_type AS t LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
    WHERE t.typowner = (TABLE me) AND COALESCE(c.relkind, 'c') = 'c' AND t.typtype <> 'm'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = t.oid)
  UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_catalog.pg_proc WHERE proowner = (TABLE me)
  UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_catalog.pg_operator WHERE oprowner = (TABLE me)
  UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_catalog.pg_opclass WHERE opcowner = (TABLE me)
  UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_catalog.pg_opfamily WHERE opfowner = (TABLE me)
  UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_catalog.pg_collation WHERE collowner = (TABLE me)
  UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_catalog.pg_conversion WHERE conowner = (TABLE me)
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_catalog.pg_ts_dict WHERE dictowner = (TABLE me)
  UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_catalog.pg_ts_config WHERE cfgowner = (TABLE me)
  UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_catalog.pg_language WHERE lanowner = (TABLE me)
  UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_catalog.pg_statistic_ext WHERE stxowner = (TABLE me)
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_catalog.pg_foreign_data_wrapper
    WHERE fdwowner = (TABLE me)
  UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_catalog.pg_foreign_server WHERE srvowner = (TABLE me)
  UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_catalog.pg_publication WHERE pubowner = (TABLE me)
  UNION ALL SELECT 'pg_subscription'::regclass, s.oid FROM pg_catalog.pg_subscription AS s
    WHERE s.subowner = (TABLE me) AND s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database AS d
          WHERE d.datname = pg_catalog.current_database()))
SELECT CASE WHEN o.class = 'pg_proc'::regclass THEN 'ROUTINE' WHEN i.type = 'statistics object' THEN 'STATISTICS'
            WHEN i.type = 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER' ELSE pg_catalog.upper(i.type) END || ' ' || i.identity
FROM own AS o, pg_catalog.pg_identify_object(o.class, o.number, 0) AS i
WHERE o.number >= 16384 AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = o.class AND d.objid = o.number AND d.deptype = 'e')
ORDER BY o.class <> 'pg_namespace'::regclass, 1
