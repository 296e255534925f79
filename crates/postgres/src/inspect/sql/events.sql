SELECT 'pg_event_trigger'::regclass::oid, e.oid, 'event trigger', NULL, e.evtname::text,
  format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent,
    COALESCE(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', ') FROM unnest(e.evttags) tag) || ')', ''),
    e.evtfoid::regproc),
  format('EVENT TRIGGER %I', e.evtname), e.evtowner
FROM pg_event_trigger e WHERE $user(e, pg_event_trigger)
UNION ALL
SELECT 0, e.oid, 'event trigger state', NULL, e.evtname,
  format('ALTER EVENT TRIGGER %I %s', e.evtname, CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END), NULL, NULL
FROM pg_event_trigger e WHERE $user(e, pg_event_trigger) AND e.evtenabled <> 'O'
UNION ALL
SELECT 'pg_publication'::regclass, p.oid, 'publication', NULL, p.pubname,
  format('CREATE PUBLICATION %I%s WITH (publish = %L', p.pubname, CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE '' END,
    concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
      CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END))
  || CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' ELSE '' END
  || CASE p.pubgencols WHEN 's' THEN ', publish_generated_columns = stored' ELSE '' END -- since 18
  || ')',
  format('PUBLICATION %I', p.pubname), p.pubowner
FROM pg_publication p WHERE $user(p, pg_publication)
UNION ALL
SELECT 'pg_publication_rel'::regclass, r.oid, 'publication table', NULL, format('%I.%s', p.pubname, r.prrelid::regclass),
  format('ALTER PUBLICATION %I ADD TABLE ONLY %s', p.pubname, r.prrelid::regclass)
  || COALESCE((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' FROM pg_attribute a -- since 15
      WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])), '') -- since 15
  || COALESCE(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', ''), -- since 15
  || '', -- before 15
  NULL, NULL
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
UNION ALL -- since 15
SELECT 'pg_publication_namespace'::regclass, s.oid, 'publication schema', NULL, format('%I.%I', p.pubname, n.nspname), -- since 15
  format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', p.pubname, n.nspname), NULL, NULL -- since 15
FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = s.pnpubid JOIN pg_namespace n ON n.oid = s.pnnspid -- since 15
UNION ALL
SELECT 'pg_subscription'::regclass, s.oid, 'subscription', NULL, s.subname,
  format('CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %s WITH (connect = false, slot_name = NONE, enabled = false', s.subname, '',
    (SELECT string_agg(quote_ident(name), ', ' ORDER BY name) FROM unnest(s.subpublications) name))
  || CASE WHEN s.subbinary THEN ', binary = true' ELSE '' END -- since 14
  || CASE s.subsynccommit WHEN 'off' THEN '' ELSE ', synchronous_commit = ' || quote_literal(s.subsynccommit) END
  || CASE WHEN s.substream THEN ', streaming = on' ELSE '' END -- since 14 before 16
  || CASE s.substream WHEN 't' THEN ', streaming = on' WHEN 'p' THEN ', streaming = parallel' ELSE '' END -- since 16 before 18
  || CASE s.substream WHEN 't' THEN ', streaming = on' WHEN 'f' THEN ', streaming = off' ELSE '' END -- since 18
  || CASE WHEN s.subtwophasestate <> 'd' THEN ', two_phase = on' ELSE '' END -- since 15
  || CASE WHEN s.subdisableonerr THEN ', disable_on_error = true' ELSE '' END -- since 15
  || CASE WHEN NOT s.subpasswordrequired THEN ', password_required = false' ELSE '' END -- since 16
  || CASE WHEN s.subrunasowner THEN ', run_as_owner = true' ELSE '' END -- since 16
  || CASE WHEN s.suborigin <> 'any' THEN ', origin = ' || s.suborigin ELSE '' END -- since 16
  || CASE WHEN s.subfailover THEN ', failover = true' ELSE '' END -- since 17
  || ')',
  format('SUBSCRIPTION %I', s.subname), s.subowner
FROM pg_subscription s WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
UNION ALL
SELECT 'pg_default_acl'::regclass, d.oid, 'default privileges', NULL,
  format('%s FOR %I%s', CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
    WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END, o.rolname, COALESCE(' IN ' || quote_ident(n.nspname), '')),
  (SELECT string_agg(format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s %s %s ON %s %s %s%s', o.rolname,
        COALESCE(' IN SCHEMA ' || quote_ident(n.nspname), ''), g.verb, g.privileges,
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
          WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
        CASE g.verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END, CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable AND g.verb = 'GRANT' THEN ' WITH GRANT OPTION' ELSE '' END), E';\n' ORDER BY g.verb DESC, g.grantee, g.is_grantable)
   FROM (SELECT x.verb, x.grantee, x.is_grantable, string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges
         FROM (SELECT 'GRANT' AS verb, a.grantee, a.privilege_type, a.is_grantable
               FROM (SELECT * FROM aclexplode(d.defaclacl) EXCEPT SELECT * FROM aclexplode(b.base)) a
               UNION ALL
               SELECT 'REVOKE', a.grantee, a.privilege_type, a.is_grantable
               FROM (SELECT * FROM aclexplode(b.base) EXCEPT SELECT * FROM aclexplode(d.defaclacl)) a) x
         GROUP BY x.verb, x.grantee, x.is_grantable) g), NULL, NULL
FROM pg_default_acl d JOIN pg_roles o ON o.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL (SELECT CASE WHEN d.defaclnamespace = 0 THEN
  acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole) END AS base) b
