SELECT t.oid, t.tgrelid, t.tgname::text, CASE WHEN t.tgparentid = 0 OR t.tgenabled <> p.tgenabled THEN pg_get_triggerdef(t.oid) END,
  t.tgenabled::text, p.oid IS NOT NULL, t.tgfoid
FROM pg_trigger t LEFT JOIN pg_trigger p ON p.oid = t.tgparentid
WHERE NOT t.tgisinternal AND t.oid >= 16384
ORDER BY t.tgrelid, t.tgname
