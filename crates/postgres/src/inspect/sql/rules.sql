SELECT 'pg_rewrite'::regclass::oid, r.oid, 'rule', n.nspname::text, format('%I.%I', c.relname, r.rulename),
  rtrim(pg_get_ruledef(r.oid), ';'), format('RULE %I ON %I.%I', r.rulename, n.nspname, c.relname), NULL::oid, c.oid
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE $user(c, pg_class) AND c.relpersistence <> 't' AND NOT (r.rulename = '_RETURN' AND r.ev_type = '1')
UNION ALL
SELECT 0, r.oid, 'rule state', n.nspname, format('%I.%I', c.relname, r.rulename),
  format('ALTER TABLE %I.%I %s RULE %I', n.nspname, c.relname,
    CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, r.rulename), NULL, NULL, c.oid
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE $user(c, pg_class) AND c.relpersistence <> 't' AND r.ev_enabled <> 'O'
UNION ALL
SELECT 'pg_policy'::regclass, p.oid, 'policy', n.nspname, format('%I.%I', c.relname, p.polname),
  $policy(p, c, n),
  format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname), NULL, c.oid
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE $user(c, pg_class) AND c.relpersistence <> 't'
UNION ALL
SELECT 'pg_statistic_ext'::regclass, s.oid, 'statistics', n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid),
  format('STATISTICS %I.%I', n.nspname, s.stxname), s.stxowner, s.stxrelid
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN pg_class c ON c.oid = s.stxrelid
WHERE $user(s, pg_statistic_ext) AND c.relpersistence <> 't' AND n.nspname !~ '^pg_temp_'
UNION ALL
SELECT 0, s.oid, 'statistics target', n.nspname, s.stxname,
  format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget), NULL, NULL, s.stxrelid
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN pg_class c ON c.oid = s.stxrelid
WHERE $user(s, pg_statistic_ext) AND c.relpersistence <> 't' AND n.nspname !~ '^pg_temp_' AND COALESCE(s.stxstattarget, -1) >= 0
