WITH RECURSIVE unread (class, number, itself) AS (
  SELECT 'pg_class'::regclass::oid, c.oid, true FROM pg_class c WHERE c.relkind = 'f' OR c.relkind = 'm' AND NOT c.relispopulated
  UNION SELECT reader.class, reader.number, false FROM unread u CROSS JOIN LATERAL (
    SELECT 'pg_class'::regclass::oid, i.inhparent FROM pg_inherits i WHERE u.class = 'pg_class'::regclass AND i.inhrelid = u.number
    UNION ALL SELECT CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END, COALESCE(w.ev_class, d.objid)
    FROM pg_depend d LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid AND w.rulename = '_RETURN'
      AND NOT (u.class = 'pg_class'::regclass AND w.ev_class = u.number)
    WHERE d.refclassid = u.class AND d.refobjid = u.number AND (w.oid IS NOT NULL OR d.classid = 'pg_proc'::regclass)
  ) AS reader (class, number))
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, c.reloptions, tc.reloptions,
  CASE WHEN am.amname <> 'heap' THEN am.amname::text END, ts.spcname::text, c.relreplident::text,
  c.relrowsecurity, c.relforcerowsecurity, pg_get_expr(c.relpartbound, c.oid),
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
  CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
  fs.srvname::text, CASE WHEN ft.ftrelid IS NOT NULL THEN $options(ft.ftoptions) END, c.relowner,
  CASE WHEN h.inhrelid IS NULL THEN '{}' ELSE ARRAY(SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) END,
  CASE WHEN c.relkind IN ('v', 'm') THEN rtrim(pg_get_viewdef(c.oid), ';') END, c.relispopulated,
  w.oid, pg_get_userbyid(c.relowner)::text, $secrets(ft.ftoptions),
  c.relkind = 'm' AND EXISTS (SELECT FROM unread u WHERE u.class = 'pg_class'::regclass AND u.number = c.oid AND NOT u.itself)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class tc ON tc.oid = c.reltoastrelid AND tc.reloptions IS NOT NULL
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid LEFT JOIN pg_foreign_server fs ON fs.oid = ft.ftserver
LEFT JOIN (SELECT DISTINCT inhrelid FROM pg_inherits) h ON h.inhrelid = c.oid
LEFT JOIN pg_rewrite w ON w.ev_class = c.oid AND w.rulename = '_RETURN' AND c.relkind IN ('v', 'm')
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND $user(c, pg_class)
ORDER BY n.nspname, c.relname
