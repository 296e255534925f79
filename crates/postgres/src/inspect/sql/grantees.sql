SELECT s.objid, pg_get_userbyid(s.refobjid)::text, s.classid
FROM pg_shdepend s
WHERE (s.deptype IN ('a', 'r') OR (s.deptype = 'o' AND s.classid IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)))
  AND s.refclassid = 'pg_authid'::regclass
  AND s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
