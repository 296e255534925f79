SELECT t.oid, t.tgrelid, t.tgname::text, pg_get_triggerdef(t.oid), t.tgenabled::text, p.oid IS NOT NULL
FROM pg_trigger t LEFT JOIN pg_trigger p ON p.oid = t.tgparentid
WHERE NOT t.tgisinternal AND t.oid >= 16384 AND (t.tgparentid = 0 OR t.tgenabled <> p.tgenabled)
ORDER BY t.tgrelid, t.tgname
