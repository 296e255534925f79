SELECT 'pg_namespace'::regclass::oid, n.oid, 'schema', NULL, n.nspname::text,
  CASE WHEN n.nspname <> 'public' THEN format('CREATE SCHEMA %I', n.nspname) END,
  format('SCHEMA %I', n.nspname), n.nspowner
FROM pg_namespace n
WHERE n.nspname = 'public' OR n.oid = 2200 OR ($user(n, pg_namespace) AND n.nspname !~ '^pg_(temp|toast)')
UNION ALL
SELECT 'pg_extension'::regclass, e.oid, 'extension', NULL, e.extname,
  CASE WHEN e.extname <> 'plpgsql' THEN format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', e.extname, n.nspname) END,
  format('EXTENSION %I', e.extname), NULL
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
