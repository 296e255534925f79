SELECT 'pg_operator'::regclass::oid, o.oid, 'operator', n.nspname::text,
  format('%s(%s, %s)', o.oprname, CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
    CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END),
  CASE WHEN o.oprcode::oid <> 0 THEN
    format(E'CREATE OPERATOR %I.%s (\n    FUNCTION = %s', n.nspname, o.oprname, o.oprcode)
    || CASE WHEN o.oprleft <> 0 THEN E',\n    LEFTARG = ' || format_type(o.oprleft, NULL) ELSE '' END
    || CASE WHEN o.oprright <> 0 THEN E',\n    RIGHTARG = ' || format_type(o.oprright, NULL) ELSE '' END
    || COALESCE((SELECT format(E',\n    COMMUTATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c
        JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom), '')
    || COALESCE((SELECT format(E',\n    NEGATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c
        JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprnegate), '')
    || CASE WHEN o.oprrest::oid <> 0 THEN E',\n    RESTRICT = ' || o.oprrest ELSE '' END
    || CASE WHEN o.oprjoin::oid <> 0 THEN E',\n    JOIN = ' || o.oprjoin ELSE '' END
    || CASE WHEN o.oprcanhash THEN E',\n    HASHES' ELSE '' END
    || CASE WHEN o.oprcanmerge THEN E',\n    MERGES' ELSE '' END
    || E'\n)' END,
  format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname,
    CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
    CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END), o.oprowner
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE $user(o, pg_operator) AND n.nspname !~ '^pg_temp_'
UNION ALL
SELECT 'pg_opfamily'::regclass, f.oid, 'operator family', n.nspname, format('%I USING %I', f.opfname, m.amname),
  format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname),
  format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname), f.opfowner
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod
WHERE $user(f, pg_opfamily) AND n.nspname !~ '^pg_temp_'
UNION ALL
SELECT 'pg_opclass'::regclass, c.oid, 'operator class', n.nspname, format('%I USING %I', c.opcname, m.amname),
  format(E'CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS', n.nspname, c.opcname,
    CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END, format_type(c.opcintype, NULL), m.amname, fn.nspname, f.opfname)
  || array_to_string(
    ARRAY(SELECT format(E'\n    OPERATOR %s %s', ao.amopstrategy, ao.amopopr::regoperator)
        || COALESCE((SELECT format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname) FROM pg_opfamily sf
            JOIN pg_namespace sn ON sn.oid = sf.opfnamespace WHERE sf.oid = ao.amopsortfamily), '')
      FROM pg_depend d JOIN pg_amop ao ON ao.oid = d.objid
      WHERE d.classid = 'pg_amop'::regclass AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid
      ORDER BY ao.amopstrategy, ao.amopopr::regoperator::text)
    || ARRAY(SELECT format(E'\n    FUNCTION %s (%s, %s) %s', ap.amprocnum, format_type(ap.amproclefttype, NULL),
        format_type(ap.amprocrighttype, NULL), ap.amproc::regprocedure)
      FROM pg_depend d JOIN pg_amproc ap ON ap.oid = d.objid
      WHERE d.classid = 'pg_amproc'::regclass AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid
      ORDER BY ap.amprocnum, ap.amproc::regprocedure::text)
    || ARRAY(SELECT E'\n    STORAGE ' || format_type(s.stored, NULL)
      FROM (SELECT CASE WHEN c.opckeytype = 0 THEN c.opcintype ELSE c.opckeytype END AS stored,
              c.opckeytype <> 0
              OR NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid
                 AND d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)) AS needed) s
      WHERE s.needed), ','),
  format('OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, m.amname), c.opcowner
FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am m ON m.oid = c.opcmethod
JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
WHERE $user(c, pg_opclass) AND n.nspname !~ '^pg_temp_'
UNION ALL
SELECT 'pg_amop'::regclass, ao.oid, 'operator family member', n.nspname,
  format('%I USING %I OPERATOR %s (%s, %s)%s', f.opfname, m.amname, ao.amopstrategy, format_type(ao.amoplefttype, NULL),
    format_type(ao.amoprighttype, NULL), CASE WHEN ao.amoppurpose = 'o' THEN ' FOR ORDER BY' ELSE '' END),
  format('ALTER OPERATOR FAMILY %I.%I USING %I ADD OPERATOR %s %s', n.nspname, f.opfname, m.amname, ao.amopstrategy,
    ao.amopopr::regoperator)
  || COALESCE((SELECT format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname) FROM pg_opfamily sf
      JOIN pg_namespace sn ON sn.oid = sf.opfnamespace WHERE sf.oid = ao.amopsortfamily), ''), NULL, NULL
FROM pg_amop ao JOIN pg_opfamily f ON f.oid = ao.amopfamily JOIN pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_am m ON m.oid = ao.amopmethod JOIN pg_operator o ON o.oid = ao.amopopr
WHERE $user(ao, pg_amop) AND $loose(ao, pg_amop) AND $unowned(f, pg_opfamily) AND (f.oid >= 16384 OR $unowned(o, pg_operator))
UNION ALL
SELECT 'pg_amproc'::regclass, ap.oid, 'operator family member', n.nspname,
  format('%I USING %I FUNCTION %s (%s, %s)', f.opfname, m.amname, ap.amprocnum, format_type(ap.amproclefttype, NULL),
    format_type(ap.amprocrighttype, NULL)),
  format('ALTER OPERATOR FAMILY %I.%I USING %I ADD FUNCTION %s (%s, %s) %s', n.nspname, f.opfname, m.amname, ap.amprocnum,
    format_type(ap.amproclefttype, NULL), format_type(ap.amprocrighttype, NULL), ap.amproc::regprocedure), NULL, NULL
FROM pg_amproc ap JOIN pg_opfamily f ON f.oid = ap.amprocfamily JOIN pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_am m ON m.oid = f.opfmethod JOIN pg_proc p ON p.oid = ap.amproc
WHERE $user(ap, pg_amproc) AND $loose(ap, pg_amproc) AND $unowned(f, pg_opfamily) AND (f.oid >= 16384 OR $unowned(p, pg_proc))
