SELECT k.oid, rn.nspname::text, r.relname::text, k.conname::text, format('%I.%I', rn.nspname, r.relname), format('%I.%I', tn.nspname, tr.relname),
  p.proname::text, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_class tr ON tr.oid = t.tgrelid JOIN pg_namespace tn ON tn.oid = tr.relnamespace
JOIN pg_constraint k ON k.oid = t.tgconstraint
JOIN pg_class r ON r.oid = k.conrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE t.tgisinternal AND t.tgenabled <> 'O' AND k.contype <> 't' AND r.relpersistence <> 't'
ORDER BY rn.nspname, r.relname, k.conname, p.proname, tr.relname
