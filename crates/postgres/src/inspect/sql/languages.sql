SELECT 'pg_language'::regclass::oid, l.oid, 'language', NULL, l.lanname::text,
  format('CREATE %sLANGUAGE %I HANDLER %s', CASE WHEN l.lanpltrusted THEN 'TRUSTED ' ELSE '' END, l.lanname, l.lanplcallfoid::regproc)
  || CASE WHEN l.laninline <> 0 THEN ' INLINE ' || l.laninline::regproc ELSE '' END
  || CASE WHEN l.lanvalidator <> 0 THEN ' VALIDATOR ' || l.lanvalidator::regproc ELSE '' END,
  format('LANGUAGE %I', l.lanname), l.lanowner
FROM pg_language l WHERE $user(l, pg_language)
UNION ALL
SELECT 'pg_cast'::regclass, c.oid, 'cast', NULL,
  format('%s AS %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),
  format('CREATE CAST (%s AS %s) ', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))
  || CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END
  || CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END,
  format('CAST (%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)), NULL
FROM pg_cast c WHERE $user(c, pg_cast)
  AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = c.oid AND i.deptype = 'i')
UNION ALL
SELECT 'pg_cast'::regclass, c.oid, 'range cast', NULL,
  format('%s AS %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)), NULL, NULL, NULL
FROM pg_cast c WHERE $user(c, pg_cast)
  AND EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = c.oid AND i.deptype = 'i')
UNION ALL
SELECT 'pg_transform'::regclass, t.oid, 'transform', NULL, format('%s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname),
  format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', format_type(t.trftype, NULL), l.lanname,
    concat_ws(', ', 'FROM SQL WITH FUNCTION ' || NULLIF(t.trffromsql::oid, 0)::regprocedure,
      'TO SQL WITH FUNCTION ' || NULLIF(t.trftosql::oid, 0)::regprocedure)),
  format('TRANSFORM FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname), NULL
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE $user(t, pg_transform)
UNION ALL
SELECT 'pg_am'::regclass, a.oid, 'access method', NULL, a.amname,
  format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', a.amname, CASE a.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, a.amhandler),
  format('ACCESS METHOD %I', a.amname), NULL
FROM pg_am a WHERE $user(a, pg_am)
UNION ALL
SELECT 'pg_conversion'::regclass, c.oid, 'conversion', n.nspname, c.conname,
  format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END, n.nspname, c.conname,
    pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc),
  format('CONVERSION %I.%I', n.nspname, c.conname), c.conowner
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE $user(c, pg_conversion)
UNION ALL
SELECT 'pg_collation'::regclass, c.oid, 'collation', n.nspname, c.collname,
  format('CREATE COLLATION %I.%I (provider = %s', n.nspname, c.collname,
    CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default' ELSE 'libc' END)
  || COALESCE(', locale = ' || quote_literal(c.colliculocale), '') -- since 15 before 17
  || COALESCE(', locale = ' || quote_literal(c.colllocale), '') -- since 17
  || COALESCE(', rules = ' || quote_literal(c.collicurules), '') -- since 16
  || CASE WHEN c.collcollate = c.collctype THEN COALESCE(', locale = ' || quote_literal(c.collcollate), '')
     ELSE COALESCE(', lc_collate = ' || quote_literal(c.collcollate) || ', lc_ctype = ' || quote_literal(c.collctype), '') END
  || CASE WHEN c.collisdeterministic THEN '' ELSE ', deterministic = false' END || ')',
  format('COLLATION %I.%I', n.nspname, c.collname), c.collowner
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE $user(c, pg_collation)
