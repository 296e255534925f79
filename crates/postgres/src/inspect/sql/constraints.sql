SELECT k.oid, k.conrelid, k.conname::text, k.contype::text, k.condeferrable, k.condeferred, k.convalidated, k.conislocal,
  k.connoinherit, k.conparentid, k.conkey, k.confrelid, k.confkey, k.confupdtype::text, k.confdeltype::text,
  k.confmatchtype::text, k.conindid,
  CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) WHEN 'x' THEN pg_get_constraintdef(k.oid) END,
  k.confdelsetcols, -- since 15
  NULL::int2[], -- before 15
  k.conenforced, k.conperiod, -- since 18
  true, false, -- before 18
  k.contype = 'f' AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgisinternal AND t.tgenabled IN ('D', 'R')
    AND (t.tgconstraint = k.oid OR t.tgconstraint IN (SELECT part.oid FROM pg_constraint part WHERE part.conparentid = k.oid))),
  COALESCE(parent.conrelid <> k.conrelid AND parent.conname <> k.conname, false),
  k.coninhcount::int4, k.contype = 'n' AND EXISTS (SELECT FROM pg_inherits h JOIN pg_constraint p ON p.conrelid = h.inhparent
    WHERE h.inhrelid = k.conrelid AND p.contype = 'n' AND p.conname = k.conname),
  k.contype = 'n' AND EXISTS (SELECT FROM pg_inherits h JOIN pg_constraint p ON p.conrelid = h.inhparent
    JOIN pg_attribute pa ON pa.attrelid = p.conrelid AND pa.attnum = p.conkey[1]
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] AND a.attname = pa.attname
    WHERE h.inhrelid = k.conrelid AND p.contype = 'n' AND NOT p.convalidated)
FROM pg_constraint k LEFT JOIN pg_constraint parent ON parent.oid = k.conparentid
WHERE k.conrelid <> 0 AND k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND k.oid >= 16384
ORDER BY k.conrelid, k.conname
