-- Everything that the catalog of a database says about what people made in it: a thing, and a line about it. Names of
-- ours are left out; the server prints definitions with every name in full, since the search path is empty.
SET search_path = '';
CREATE TEMPORARY VIEW things AS
SELECT c.*, c.oid::regclass::text AS said
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relname NOT LIKE 'stead\_%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
    WHERE i.indexrelid = c.oid AND t.relname LIKE 'stead\_%');

SELECT 'schema ' || nspname, concat_ws(' ', pg_get_userbyid(nspowner), nspacl)
FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
UNION ALL
SELECT 'extension ' || extname, concat_ws(' ', extversion, extnamespace::regnamespace) FROM pg_catalog.pg_extension
UNION ALL
SELECT 'relation ' || said, concat_ws(' ', relkind, relpersistence, reloptions, pg_get_userbyid(relowner), relrowsecurity,
  relforcerowsecurity, relreplident, relispopulated, pg_get_expr(relpartbound, oid),
  CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END, (SELECT amname FROM pg_catalog.pg_am WHERE pg_am.oid = relam))
FROM things
UNION ALL
SELECT 'parents of ' || said, string_agg(inhparent::regclass::text, ' ' ORDER BY inhseqno)
FROM things JOIN pg_catalog.pg_inherits ON inhrelid = oid GROUP BY said
UNION ALL
SELECT 'grants of ' || said, a.acl::text FROM things, unnest(relacl) a (acl)
UNION ALL
SELECT 'column ' || said || ' ' || row_number() OVER (PARTITION BY a.attrelid ORDER BY attnum),
  concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END, attidentity,
  attgenerated, attstorage, attcompression, attislocal, attacl, attoptions,
  CASE WHEN attcollation <> 0 THEN attcollation::regcollation END, pg_get_expr(adbin, adrelid))
FROM things JOIN pg_catalog.pg_attribute a ON a.attrelid = things.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
UNION ALL
SELECT 'constraint ' || coalesce(said, contypid::regtype::text) || ' ' || quote_ident(conname),
  -- Whether an index's constraint could be inherited differs between a partition that was made as one and one that was
  -- attached, and means nothing.
  concat_ws(' ', pg_get_constraintdef(k.oid), convalidated, conislocal, CASE WHEN contype IN ('c', 'n', 'f') THEN connoinherit END)
FROM pg_catalog.pg_constraint k LEFT JOIN things ON things.oid = conrelid
WHERE (said IS NOT NULL OR contypid >= 16384) AND contype <> 't'
UNION ALL
SELECT 'index ' || said, concat_ws(' ', pg_get_indexdef(oid), indisvalid, indisclustered, indisreplident)
FROM things JOIN pg_catalog.pg_index ON indexrelid = oid
UNION ALL
SELECT 'view ' || said, pg_get_viewdef(oid) FROM things WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'rule ' || said || ' ' || rulename, concat_ws(' ', pg_get_ruledef(r.oid), ev_enabled)
FROM things JOIN pg_catalog.pg_rewrite r ON ev_class = things.oid
UNION ALL
SELECT 'trigger ' || said || ' ' || tgname, concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled)
FROM things JOIN pg_catalog.pg_trigger t ON tgrelid = things.oid WHERE NOT tgisinternal
UNION ALL
SELECT 'policy ' || said || ' ' || polname, concat_ws(' ', polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid),
  pg_get_expr(polwithcheck, polrelid))
FROM things JOIN pg_catalog.pg_policy ON polrelid = things.oid
UNION ALL
SELECT 'sequence ' || said, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
  (SELECT string_agg(pg_describe_object(refclassid, refobjid, refobjsubid), ' ') FROM pg_catalog.pg_depend
   WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = things.oid AND deptype IN ('a', 'i')))
FROM things JOIN pg_catalog.pg_sequence ON seqrelid = oid
UNION ALL
SELECT 'routine ' || oid::regprocedure, concat_ws(' ', pg_get_userbyid(proowner), proacl,
  CASE WHEN prokind = 'a' THEN
    (SELECT concat_ws(' ', prorettype::regtype, aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype, agginitval, aggkind)
     FROM pg_catalog.pg_aggregate WHERE aggfnoid = p.oid)
  ELSE pg_get_functiondef(oid) END)
FROM pg_catalog.pg_proc p
WHERE oid >= 16384 AND pronamespace::regnamespace::text NOT LIKE 'pg\_%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'type ' || oid::regtype, concat_ws(' ', typtype, pg_get_userbyid(typowner), typacl, typnotnull, typdefault,
  CASE WHEN typbasetype <> 0 THEN format_type(typbasetype, typtypmod) END,
  (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid),
  (SELECT concat_ws(' ', rngsubtype::regtype, rngcanonical, rngsubdiff) FROM pg_catalog.pg_range WHERE rngtypid = t.oid))
FROM pg_catalog.pg_type t
WHERE oid >= 16384 AND typtype IN ('d', 'e', 'r') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT 'statistics ' || stxname, pg_get_statisticsobjdef(oid) FROM pg_catalog.pg_statistic_ext
UNION ALL
SELECT 'event trigger ' || evtname, concat_ws(' ', evtevent, evtenabled, evttags, evtfoid::regprocedure) FROM pg_catalog.pg_event_trigger
UNION ALL
SELECT 'publication ' || pubname, concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
  (SELECT string_agg(prrelid::regclass::text, ' ' ORDER BY prrelid::regclass::text) FROM pg_catalog.pg_publication_rel WHERE prpubid = p.oid))
FROM pg_catalog.pg_publication p
UNION ALL
SELECT 'default grants', concat_ws(' ', pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype, defaclacl)
FROM pg_catalog.pg_default_acl
UNION ALL
SELECT 'operator ' || oid::regoperator, concat_ws(' ', oprcode, oprcom::regoperator, oprrest, oprjoin)
FROM pg_catalog.pg_operator o WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e')
UNION ALL
SELECT 'cast ' || castsource::regtype || ' to ' || casttarget::regtype, concat_ws(' ', castcontext, castmethod, castfunc::regprocedure)
FROM pg_catalog.pg_cast k WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT 'comment on ' || pg_describe_object(classoid, objoid, objsubid), description
FROM pg_catalog.pg_description WHERE objoid >= 16384
  AND pg_describe_object(classoid, objoid, objsubid) NOT LIKE '%stead\_%';
