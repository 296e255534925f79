SELECT s.objid, pg_get_userbyid(s.refobjid)::text
FROM pg_shdepend s
WHERE s.deptype = 'a' AND s.refclassid = 'pg_authid'::regclass
  AND s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
