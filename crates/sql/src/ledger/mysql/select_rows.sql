SELECT
    app, revision, title, slug, number, parents, depends, replaces, checksum, state, statements_done,
    statements_total, last_statement_hash, applied_by, started_at, took_ms, error, down_script, project, environment,
    tool_version, sequence
FROM stead_ledger
ORDER BY sequence, app, revision
