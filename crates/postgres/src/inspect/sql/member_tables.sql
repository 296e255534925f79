SELECT c.oid, n.nspname::text, c.relname::text,
  ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT $unowned(c, pg_class)
  AND (EXISTS (SELECT FROM pg_constraint k WHERE k.confrelid = c.oid) OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
    OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid))
