INSERT INTO stead_ledger (
    app, revision, title, slug, number, parents, depends, replaces, checksum, state, statements_done,
    statements_total, last_statement_hash, applied_by, started_at, took_ms, error, down_script, project,
    environment, tool_version, sequence
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
    coalesce(
        ?22,
        (SELECT sequence FROM stead_ledger WHERE app = ?1 AND revision = ?2),
        (SELECT coalesce(max(sequence), 0) + 1 FROM stead_ledger)
    )
)
ON CONFLICT (app, revision) DO UPDATE SET
    title = excluded.title, slug = excluded.slug, number = excluded.number, parents = excluded.parents,
    depends = excluded.depends, replaces = excluded.replaces, checksum = excluded.checksum, state = excluded.state,
    statements_done = excluded.statements_done, statements_total = excluded.statements_total,
    last_statement_hash = excluded.last_statement_hash, applied_by = excluded.applied_by,
    started_at = excluded.started_at, took_ms = excluded.took_ms, error = excluded.error,
    down_script = excluded.down_script, project = excluded.project, environment = excluded.environment,
    tool_version = excluded.tool_version, sequence = excluded.sequence
