SELECT 'pg_ts_parser'::regclass::oid, p.oid, 'text search parser', n.nspname::text, p.prsname::text,
  format('CREATE TEXT SEARCH PARSER %I.%I (START = %s, GETTOKEN = %s, END = %s, LEXTYPES = %s', n.nspname, p.prsname,
    p.prsstart, p.prstoken, p.prsend, p.prslextype)
  || CASE WHEN p.prsheadline::oid <> 0 THEN ', HEADLINE = ' || p.prsheadline ELSE '' END || ')',
  format('TEXT SEARCH PARSER %I.%I', n.nspname, p.prsname), NULL::oid
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE $user(p, pg_ts_parser)
UNION ALL
SELECT 'pg_ts_template'::regclass, t.oid, 'text search template', n.nspname, t.tmplname,
  format('CREATE TEXT SEARCH TEMPLATE %I.%I (%sLEXIZE = %s)', n.nspname, t.tmplname,
    CASE WHEN t.tmplinit::oid <> 0 THEN 'INIT = ' || t.tmplinit || ', ' ELSE '' END, t.tmpllexize),
  format('TEXT SEARCH TEMPLATE %I.%I', n.nspname, t.tmplname), NULL
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE $user(t, pg_ts_template)
UNION ALL
SELECT 'pg_ts_dict'::regclass, d.oid, 'text search dictionary', n.nspname, d.dictname,
  format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname, d.dictname, tn.nspname, t.tmplname,
    COALESCE(', ' || d.dictinitoption, '')),
  format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname), d.dictowner
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE $user(d, pg_ts_dict)
UNION ALL
SELECT 'pg_ts_config'::regclass, c.oid, 'text search configuration', n.nspname, c.cfgname,
  format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname),
  format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname), c.cfgowner
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE $user(c, pg_ts_config)
UNION ALL
SELECT 'pg_ts_config_map'::regclass, c.oid, 'text search mapping', n.nspname, format('%I.%I', c.cfgname, token.alias),
  format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, token.alias,
    string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY m.mapseqno)), NULL, NULL
FROM pg_ts_config_map m JOIN pg_ts_config c ON c.oid = m.mapcfg JOIN pg_namespace n ON n.oid = c.cfgnamespace
JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace
CROSS JOIN LATERAL ts_token_type(c.cfgparser) token
WHERE token.tokid = m.maptokentype AND $user(c, pg_ts_config) AND n.nspname !~ '^pg_temp_'
GROUP BY c.oid, n.nspname, c.cfgname, token.alias
