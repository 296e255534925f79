SELECT 'pg_foreign_data_wrapper'::regclass::oid, f.oid, 'foreign data wrapper', NULL, f.fdwname::text,
  format('CREATE FOREIGN DATA WRAPPER %I', f.fdwname)
  || CASE WHEN f.fdwhandler <> 0 THEN ' HANDLER ' || f.fdwhandler::regproc ELSE '' END
  || CASE WHEN f.fdwvalidator <> 0 THEN ' VALIDATOR ' || f.fdwvalidator::regproc ELSE '' END
  || $options(f.fdwoptions),
  format('FOREIGN DATA WRAPPER %I', f.fdwname), f.fdwowner, $secrets(f.fdwoptions)
FROM pg_foreign_data_wrapper f WHERE $user(f, pg_foreign_data_wrapper)
UNION ALL
SELECT 'pg_foreign_server'::regclass, s.oid, 'server', NULL, s.srvname,
  format('CREATE SERVER %I', s.srvname) || COALESCE(' TYPE ' || quote_literal(s.srvtype), '')
  || COALESCE(' VERSION ' || quote_literal(s.srvversion), '') || format(' FOREIGN DATA WRAPPER %I', f.fdwname)
  || $options(s.srvoptions),
  format('SERVER %I', s.srvname), s.srvowner, $secrets(s.srvoptions)
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw WHERE $user(s, pg_foreign_server)
UNION ALL
SELECT 'pg_user_mapping'::regclass, u.umid, 'user mapping', NULL, format('%s ON %I', CASE WHEN u.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(u.usename) END, u.srvname),
  format('CREATE USER MAPPING FOR %s SERVER %I', CASE WHEN u.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(u.usename) END, u.srvname)
  || $options(u.umoptions), NULL, NULL,
  CASE WHEN u.umoptions IS NULL AND NOT pg_has_role(s.srvowner, 'USAGE') AND u.usename IS DISTINCT FROM current_user
    THEN ARRAY['the options, if there are any, were left out: only the owner of the server may read them']
    ELSE $secrets(u.umoptions) END
FROM pg_user_mappings u JOIN pg_foreign_server s ON s.oid = u.srvid
UNION ALL
SELECT 'pg_largeobject'::regclass, l.oid, 'large object', NULL, l.oid::text,
  format('SELECT pg_catalog.lo_create(%s)', l.oid), format('LARGE OBJECT %s', l.oid), l.lomowner, '{}'::text[]
FROM pg_largeobject_metadata l
