WITH held AS (
  SELECT 'pg_class'::regclass::oid AS class, c.oid, 0 AS part, c.relacl AS acl, c.relowner AS owner,
    CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::"char" AS kind,
    CASE WHEN c.relkind = 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass AS target, '' AS columns
  FROM pg_class c WHERE c.relacl IS NOT NULL AND c.relpersistence <> 't'
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, a.attnum, a.attacl, c.relowner, 'c', 'TABLE ' || c.oid::regclass, ' (' || quote_ident(a.attname) || ')'
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relpersistence <> 't'
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, 0, p.proacl, p.proowner, 'f', CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END
    || format('%I.%I(%s)', n.nspname, p.proname, CASE WHEN a.aggkind IN ('o', 'h') THEN oidvectortypes(p.proargtypes)
      ELSE pg_get_function_identity_arguments(p.oid) END), ''
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE p.proacl IS NOT NULL
  UNION ALL
  SELECT 'pg_namespace'::regclass, n.oid, 0, COALESCE(n.nspacl, acldefault('n', n.nspowner)), n.nspowner, 'n', 'SCHEMA ' || quote_ident(n.nspname), ''
  FROM pg_namespace n WHERE (n.nspacl IS NOT NULL OR n.nspname = 'public') AND n.nspname !~ '^pg_(temp|toast)'
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 0, t.typacl, t.typowner, 'T', 'TYPE ' || format('%I.%I', n.nspname, t.typname), ''
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL
  UNION ALL
  SELECT 'pg_language'::regclass, l.oid, 0, l.lanacl, l.lanowner, 'l', 'LANGUAGE ' || quote_ident(l.lanname), ''
  FROM pg_language l WHERE l.lanacl IS NOT NULL
  UNION ALL
  SELECT 'pg_foreign_data_wrapper'::regclass, f.oid, 0, f.fdwacl, f.fdwowner, 'F', 'FOREIGN DATA WRAPPER ' || quote_ident(f.fdwname), ''
  FROM pg_foreign_data_wrapper f WHERE f.fdwacl IS NOT NULL
  UNION ALL
  SELECT 'pg_foreign_server'::regclass, s.oid, 0, s.srvacl, s.srvowner, 'S', 'FOREIGN SERVER ' || quote_ident(s.srvname), ''
  FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL
  UNION ALL
  SELECT 'pg_largeobject'::regclass, l.oid, 0, l.lomacl, l.lomowner, 'L', 'LARGE OBJECT ' || l.oid, ''
  FROM pg_largeobject_metadata l WHERE l.lomacl IS NOT NULL
),
given AS (
  SELECT i.classoid, i.objoid, i.objsubid, i.initprivs FROM pg_init_privs i WHERE i.classoid <> 'pg_namespace'::regclass OR i.objoid <> 2200
  UNION ALL
  SELECT 'pg_namespace'::regclass, n.oid, 0,
    '{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}'::aclitem[] -- since 15
    acldefault('n', 10) || makeaclitem(0, 10, 'USAGE', false) || makeaclitem(0, 10, 'CREATE', false) -- before 15
  FROM pg_namespace n WHERE n.nspname = 'public'
),
based AS (
  SELECT h.*, COALESCE(i.initprivs, CASE WHEN h.kind <> 'c' THEN acldefault(h.kind, h.owner) END) AS base
  FROM held h LEFT JOIN given i ON i.classoid = h.class AND i.objoid = h.oid AND i.objsubid = h.part
  WHERE h.acl IS DISTINCT FROM i.initprivs AND (h.oid >= 16384 OR h.target !~ ' information_schema')
),
compared AS (
  SELECT b.*, ARRAY(SELECT d.grantee FROM ((SELECT * FROM aclexplode(b.acl) EXCEPT SELECT * FROM aclexplode(b.base))
    UNION ALL (SELECT * FROM aclexplode(b.base) EXCEPT SELECT * FROM aclexplode(b.acl))) d) AS changed
  FROM based b
),
changes AS (
  SELECT c.class, c.oid, c.part, c.target, c.columns, c.owner, 'GRANT' AS verb, x.grantor, x.grantee, x.privilege_type, x.is_grantable,
    (SELECT min(o.place) FROM unnest(c.acl) WITH ORDINALITY o(item, place), aclexplode(ARRAY[o.item]) e
     WHERE e.grantee = x.grantee AND e.grantor = x.grantor) AS place
  FROM compared c CROSS JOIN LATERAL aclexplode(c.acl) x
  WHERE x.grantee = ANY (c.changed) AND (x.grantee <> c.owner OR NOT EXISTS (
    SELECT FROM aclexplode(c.base) b WHERE b.grantee = x.grantee AND b.privilege_type = x.privilege_type))
  UNION ALL
  SELECT c.class, c.oid, c.part, c.target, c.columns, c.owner, 'REVOKE', x.grantor, x.grantee, x.privilege_type, x.is_grantable, 0
  FROM compared c CROSS JOIN LATERAL aclexplode(c.base) x
  WHERE x.grantee = ANY (c.changed) AND (x.grantee <> c.owner OR NOT EXISTS (
    SELECT FROM aclexplode(c.acl) a WHERE a.grantee = x.grantee AND a.privilege_type = x.privilege_type))
),
statements AS (
  SELECT c.class, c.oid, c.part, c.target, c.columns, c.verb, min(c.place) AS place, pg_get_userbyid(c.grantee)::text AS role,
    CASE WHEN c.verb = 'GRANT' AND c.grantor <> c.owner
      THEN 'SET SESSION AUTHORIZATION ' || quote_ident(pg_get_userbyid(c.grantor)) || E';\n' ELSE '' END
    || c.verb || ' ' || string_agg(c.privilege_type || c.columns, ', ' ORDER BY c.privilege_type) || ' ON ' || c.target
    || CASE c.verb WHEN 'GRANT' THEN ' TO ' ELSE ' FROM ' END
    || CASE WHEN c.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(c.grantee)) END
    || CASE WHEN c.verb = 'GRANT' AND c.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    || CASE WHEN c.verb = 'GRANT' AND c.grantor <> c.owner THEN E';\nRESET SESSION AUTHORIZATION' ELSE '' END AS sql
  FROM changes c
  GROUP BY c.class, c.oid, c.part, c.target, c.columns, c.owner, c.verb, c.grantor, c.grantee, c.is_grantable
)
SELECT s.class, s.oid, s.target || s.columns, string_agg(s.sql, E';\n' ORDER BY s.verb DESC, s.role, s.sql),
  string_agg(s.sql, E';\n' ORDER BY s.verb DESC, s.place, s.sql)
FROM statements s GROUP BY s.class, s.oid, s.target, s.columns, s.part ORDER BY 3
