SELECT 'pg_proc'::regclass::oid, p.oid,
  CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
  n.nspname::text, p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
  CASE WHEN p.prokind <> 'a' THEN rtrim(pg_get_functiondef(p.oid), E'\n')
  ELSE format(E'CREATE AGGREGATE %I.%I(%s) (\n    SFUNC = %s,\n    STYPE = %s', n.nspname, p.proname,
      COALESCE(NULLIF(pg_get_function_arguments(p.oid), ''), '*'), a.aggtransfn, format_type(a.aggtranstype, NULL))
    || CASE WHEN a.aggtransspace <> 0 THEN E',\n    SSPACE = ' || a.aggtransspace ELSE '' END
    || COALESCE(E',\n    INITCOND = ' || quote_literal(a.agginitval), '')
    || CASE WHEN a.aggfinalfn::oid <> 0 THEN E',\n    FINALFUNC = ' || a.aggfinalfn ELSE '' END
    || CASE WHEN a.aggfinalextra THEN E',\n    FINALFUNC_EXTRA' ELSE '' END
    || CASE WHEN a.aggfinalmodify <> CASE WHEN a.aggkind = 'n' THEN 'r' ELSE 'w' END::"char" AND a.aggfinalfn::oid <> 0
         THEN E',\n    FINALFUNC_MODIFY = '
           || CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END ELSE '' END
    || CASE WHEN a.aggcombinefn::oid <> 0 THEN E',\n    COMBINEFUNC = ' || a.aggcombinefn ELSE '' END
    || CASE WHEN a.aggserialfn::oid <> 0 THEN E',\n    SERIALFUNC = ' || a.aggserialfn ELSE '' END
    || CASE WHEN a.aggdeserialfn::oid <> 0 THEN E',\n    DESERIALFUNC = ' || a.aggdeserialfn ELSE '' END
    || CASE WHEN a.aggmtransfn::oid <> 0 THEN format(E',\n    MSFUNC = %s,\n    MINVFUNC = %s,\n    MSTYPE = %s',
         a.aggmtransfn, a.aggminvtransfn, format_type(a.aggmtranstype, NULL)) ELSE '' END
    || CASE WHEN a.aggmtransspace <> 0 THEN E',\n    MSSPACE = ' || a.aggmtransspace ELSE '' END
    || COALESCE(E',\n    MINITCOND = ' || quote_literal(a.aggminitval), '')
    || CASE WHEN a.aggmfinalfn::oid <> 0 THEN E',\n    MFINALFUNC = ' || a.aggmfinalfn ELSE '' END
    || CASE WHEN a.aggmfinalextra THEN E',\n    MFINALFUNC_EXTRA' ELSE '' END
    || CASE WHEN a.aggmfinalmodify <> CASE WHEN a.aggkind = 'n' THEN 'r' ELSE 'w' END::"char" AND a.aggmfinalfn::oid <> 0
         THEN E',\n    MFINALFUNC_MODIFY = '
           || CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END ELSE '' END
    || COALESCE((SELECT format(E',\n    SORTOP = OPERATOR(%I.%s)', son.nspname, so.oprname) FROM pg_operator so
        JOIN pg_namespace son ON son.oid = so.oprnamespace WHERE so.oid = a.aggsortop), '')
    || CASE WHEN a.aggkind = 'h' THEN E',\n    HYPOTHETICAL' ELSE '' END
    || CASE WHEN p.proparallel <> 'u' THEN E',\n    PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'safe' ELSE 'restricted' END ELSE '' END
    || E'\n)' END,
  format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
    n.nspname, p.proname,
    COALESCE(NULLIF(pg_get_function_identity_arguments(p.oid), ''), CASE WHEN p.prokind = 'a' THEN '*' ELSE '' END)),
  p.proowner
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE $user(p, pg_proc) AND n.nspname !~ '^pg_temp_'
  AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i') -- since 14
UNION ALL
SELECT 'pg_proc'::regclass, p.oid, 'range constructor', n.nspname, p.proname || '(' || oidvectortypes(p.proargtypes) || ')', NULL,
  format('FUNCTION %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE $user(p, pg_proc) AND n.nspname !~ '^pg_temp_'
  AND EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
