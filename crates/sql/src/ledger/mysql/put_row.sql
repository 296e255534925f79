INSERT INTO stead_ledger (
    app, revision, title, slug, number, parents, depends, replaces, checksum, state, statements_done,
    statements_total, last_statement_hash, applied_by, started_at, took_ms, error, down_script, project, environment,
    tool_version, sequence
)
SELECT
    given.app, given.revision, given.title, given.slug, given.number, given.parents, given.depends, given.replaces,
    given.checksum, given.state, given.statements_done, given.statements_total, given.last_statement_hash,
    given.applied_by, given.started_at, given.took_ms, given.error, given.down_script, given.project,
    given.environment, given.tool_version,
    coalesce(given.sequence, old.sequence, (SELECT coalesce(max(sequence), 0) + 1 FROM stead_ledger AS written))
FROM (
    SELECT
        ? AS app, ? AS revision, ? AS title, ? AS slug, CAST(? AS SIGNED) AS number, ? AS parents, ? AS depends,
        ? AS replaces, ? AS checksum, ? AS state, CAST(? AS SIGNED) AS statements_done,
        CAST(? AS SIGNED) AS statements_total, ? AS last_statement_hash, ? AS applied_by, ? AS started_at,
        CAST(? AS SIGNED) AS took_ms, ? AS error, ? AS down_script, ? AS project, ? AS environment,
        ? AS tool_version, CAST(? AS SIGNED) AS sequence
) AS given
LEFT JOIN stead_ledger AS old
    ON old.app = CONVERT(given.app USING utf8mb4) COLLATE utf8mb4_bin
    AND old.revision = CONVERT(given.revision USING utf8mb4) COLLATE utf8mb4_bin
ON DUPLICATE KEY UPDATE
    title = VALUES(title), slug = VALUES(slug), number = VALUES(number), parents = VALUES(parents),
    depends = VALUES(depends), replaces = VALUES(replaces), checksum = VALUES(checksum), state = VALUES(state),
    statements_done = VALUES(statements_done), statements_total = VALUES(statements_total),
    last_statement_hash = VALUES(last_statement_hash), applied_by = VALUES(applied_by),
    started_at = VALUES(started_at), took_ms = VALUES(took_ms), error = VALUES(error),
    down_script = VALUES(down_script), project = VALUES(project), environment = VALUES(environment),
    tool_version = VALUES(tool_version), sequence = VALUES(sequence)
