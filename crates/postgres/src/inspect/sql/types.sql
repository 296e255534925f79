SELECT 'pg_type'::regclass::oid, t.oid,
  CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type' WHEN 'r' THEN 'range'
    ELSE CASE WHEN t.typisdefined THEN 'base type' ELSE 'shell type' END END,
  n.nspname::text, t.typname::text,
  CASE t.typtype
    WHEN 'e' THEN format(E'CREATE TYPE %I.%I AS ENUM (%s\n)', n.nspname, t.typname,
      (SELECT string_agg(E'\n    ' || quote_literal(l.enumlabel), ',' ORDER BY l.enumsortorder)
       FROM pg_enum l WHERE l.enumtypid = t.oid))
    WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
      || CASE WHEN t.typcollation <> b.typcollation
           THEN (SELECT format(' COLLATE %I.%I', cn.nspname, c.collname) FROM pg_collation c
                 JOIN pg_namespace cn ON cn.oid = c.collnamespace WHERE c.oid = t.typcollation) ELSE '' END
      || COALESCE(' DEFAULT ' || COALESCE(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)), '')
      || CASE WHEN t.typnotnull THEN
           COALESCE((SELECT format(' CONSTRAINT %I', k.conname) FROM pg_constraint k
                     WHERE k.contypid = t.oid AND k.contype = 'n' AND k.conname <> t.typname || '_not_null'), '')
           || ' NOT NULL' ELSE '' END
    WHEN 'c' THEN format(E'CREATE TYPE %I.%I AS (%s\n)', n.nspname, t.typname,
      (SELECT string_agg(format(E'\n    %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
         || CASE WHEN a.attcollation <> p.typcollation
              THEN (SELECT format(' COLLATE %I.%I', cn.nspname, c.collname) FROM pg_collation c
                    JOIN pg_namespace cn ON cn.oid = c.collnamespace WHERE c.oid = a.attcollation) ELSE '' END,
         ',' ORDER BY a.attnum)
       FROM pg_attribute a JOIN pg_type p ON p.oid = a.atttypid
       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
    WHEN 'r' THEN format(E'CREATE TYPE %I.%I AS RANGE (\n    subtype = %s', n.nspname, t.typname, format_type(r.rngsubtype, NULL))
      || CASE WHEN NOT o.opcdefault THEN format(E',\n    subtype_opclass = %I.%I', opn.nspname, o.opcname) ELSE '' END
      || CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> s.typcollation
           THEN (SELECT format(E',\n    collation = %I.%I', cn.nspname, c.collname) FROM pg_collation c
                 JOIN pg_namespace cn ON cn.oid = c.collnamespace WHERE c.oid = r.rngcollation) ELSE '' END
      || CASE WHEN r.rngcanonical::oid <> 0 THEN E',\n    canonical = ' || r.rngcanonical ELSE '' END
      || CASE WHEN r.rngsubdiff::oid <> 0 THEN E',\n    subtype_diff = ' || r.rngsubdiff ELSE '' END
      || (SELECT format(E',\n    multirange_type_name = %I.%I', mn.nspname, m.typname) FROM pg_type m -- since 14
          JOIN pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = r.rngmultitypid) -- since 14
      || E'\n)'
    ELSE format('CREATE TYPE %I.%I', n.nspname, t.typname) || CASE WHEN t.typisdefined THEN
      format(E' (\n    INPUT = %s,\n    OUTPUT = %s', t.typinput, t.typoutput)
      || CASE WHEN t.typreceive::oid <> 0 THEN E',\n    RECEIVE = ' || t.typreceive ELSE '' END
      || CASE WHEN t.typsend::oid <> 0 THEN E',\n    SEND = ' || t.typsend ELSE '' END
      || CASE WHEN t.typmodin::oid <> 0 THEN E',\n    TYPMOD_IN = ' || t.typmodin ELSE '' END
      || CASE WHEN t.typmodout::oid <> 0 THEN E',\n    TYPMOD_OUT = ' || t.typmodout ELSE '' END
      || CASE WHEN t.typanalyze::oid <> 0 THEN E',\n    ANALYZE = ' || t.typanalyze ELSE '' END
      || CASE WHEN t.typsubscript::oid <> 0 THEN E',\n    SUBSCRIPT = ' || t.typsubscript ELSE '' END -- since 14
      || E',\n    INTERNALLENGTH = ' || CASE WHEN t.typlen < 0 THEN 'variable' ELSE t.typlen::text END
      || CASE WHEN t.typbyval THEN E',\n    PASSEDBYVALUE' ELSE '' END
      || E',\n    ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END
      || E',\n    STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' ELSE 'main' END
      || CASE WHEN t.typcategory <> 'U' THEN E',\n    CATEGORY = ' || quote_literal(t.typcategory::text) ELSE '' END
      || CASE WHEN t.typispreferred THEN E',\n    PREFERRED = true' ELSE '' END
      || COALESCE(E',\n    DEFAULT = ' || quote_literal(t.typdefault), '')
      || CASE WHEN t.typelem <> 0 THEN E',\n    ELEMENT = ' || format_type(t.typelem, NULL) ELSE '' END
      || CASE WHEN t.typdelim <> ',' THEN E',\n    DELIMITER = ' || quote_literal(t.typdelim::text) ELSE '' END
      || CASE WHEN t.typcollation <> 0 THEN E',\n    COLLATABLE = true' ELSE '' END
      || E'\n)' ELSE '' END
  END,
  CASE WHEN t.typtype = 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || format('%I.%I', n.nspname, t.typname), t.typowner
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_class c ON c.oid = t.typrelid
LEFT JOIN pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_type s ON s.oid = r.rngsubtype
LEFT JOIN pg_opclass o ON o.oid = r.rngsubopc
LEFT JOIN pg_namespace opn ON opn.oid = o.opcnamespace
LEFT JOIN pg_type e ON e.typarray = t.oid
WHERE $user(t, pg_type) AND n.nspname !~ '^pg_(temp|toast)' AND e.oid IS NULL
  AND (t.typtype IN ('e', 'd', 'r', 'b') OR (t.typtype = 'c' AND c.relkind = 'c') OR (t.typtype = 'p' AND NOT t.typisdefined))
UNION ALL
SELECT 'pg_type'::regclass, t.oid, 'multirange', n.nspname, t.typname, NULL, format('TYPE %I.%I', n.nspname, t.typname), NULL
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'm' AND $user(t, pg_type) AND n.nspname !~ '^pg_(temp|toast)'
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, 'domain constraint', n.nspname, format('%I.%I', t.typname, k.conname),
  format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s', n.nspname, t.typname, k.conname, pg_get_constraintdef(k.oid)),
  format('CONSTRAINT %I ON DOMAIN %I.%I', k.conname, n.nspname, t.typname), NULL
FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE k.contype = 'c' AND $user(t, pg_type) AND n.nspname !~ '^pg_temp_'
UNION ALL
SELECT 'pg_constraint'::regclass, k.oid, 'domain constraint', n.nspname, format('%I.%I', t.typname, k.conname), NULL,
  format('CONSTRAINT %I ON DOMAIN %I.%I', k.conname, n.nspname, t.typname), NULL
FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE k.contype = 'n' AND $user(t, pg_type) AND n.nspname !~ '^pg_temp_'
