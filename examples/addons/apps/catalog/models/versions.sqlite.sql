-- What was published. A version has one file for each platform it supports; `path` is set for the files that lie in
-- our own storage folder and is NULL for those that have moved to the archive.

CREATE TABLE licences (
    id   INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    url  TEXT
) STRICT;

CREATE TABLE versions (
    id            INTEGER PRIMARY KEY,
    addon_id      INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    number        TEXT NOT NULL,
    channel       TEXT NOT NULL DEFAULT 'stable' CHECK (channel IN ('stable', 'beta')),
    licence_id    INTEGER NOT NULL REFERENCES licences (id),
    release_notes TEXT NOT NULL DEFAULT '',
    released_at   TEXT NOT NULL,
    UNIQUE (addon_id, number)
) STRICT;

CREATE INDEX versions_by_release ON versions (addon_id, released_at DESC);

CREATE TABLE files (
    id         INTEGER PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    platform   TEXT NOT NULL DEFAULT 'any' CHECK (platform IN ('any', 'desktop', 'mobile')),
    path       TEXT,
    size_bytes INTEGER NOT NULL,
    UNIQUE (version_id, platform),
    CONSTRAINT files_have_content CHECK (size_bytes > 0)
) STRICT;

CREATE UNIQUE INDEX files_by_path ON files (path) WHERE path IS NOT NULL;
