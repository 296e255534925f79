INSERT INTO public.stead_ledger (
    app, revision, title, slug, number, parents, depends, replaces, checksum, state, statements_done,
    statements_total, last_statement_hash, applied_by, started_at, took_ms, error, down_script, project, environment,
    tool_version, sequence
)
SELECT
    $1::text, $2::text, $3::text, $4::text, $5::bigint, $6::text, $7::text, $8::text, $9::text, $10::text,
    $11::bigint, $12::bigint, $13::text, $14::text, $15::text, $16::bigint, $17::text, $18::text, $19::text,
    $20::text, $21::text,
    coalesce(
        $22::bigint,
        (SELECT sequence FROM public.stead_ledger WHERE app = $1::text AND revision = $2::text),
        (SELECT coalesce(max(sequence), 0) + 1 FROM public.stead_ledger)
    )
ON CONFLICT (app, revision) DO UPDATE SET
    title = excluded.title, slug = excluded.slug, number = excluded.number, parents = excluded.parents,
    depends = excluded.depends, replaces = excluded.replaces, checksum = excluded.checksum, state = excluded.state,
    statements_done = excluded.statements_done, statements_total = excluded.statements_total,
    last_statement_hash = excluded.last_statement_hash, applied_by = excluded.applied_by,
    started_at = excluded.started_at, took_ms = excluded.took_ms, error = excluded.error,
    down_script = excluded.down_script, project = excluded.project, environment = excluded.environment,
    tool_version = excluded.tool_version, sequence = excluded.sequence
