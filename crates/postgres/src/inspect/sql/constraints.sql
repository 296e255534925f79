SELECT k.oid, k.conrelid, k.conname::text, k.contype::text, k.condeferrable, k.condeferred, k.convalidated, k.conislocal,
  k.connoinherit, k.conparentid, k.conkey, k.confrelid, k.confkey, k.confupdtype::text, k.confdeltype::text,
  k.confmatchtype::text, k.conindid,
  CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) WHEN 'x' THEN pg_get_constraintdef(k.oid) END,
  k.confdelsetcols, -- since 15
  NULL::int2[], -- before 15
  k.conenforced, k.conperiod -- since 18
  true, false -- before 18
FROM pg_constraint k
WHERE k.conrelid <> 0 AND k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND k.oid >= 16384
ORDER BY k.conrelid, k.conname
