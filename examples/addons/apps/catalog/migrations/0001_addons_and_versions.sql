-- Add-ons with their authors, categories, versions and files
-- revision: e78e36ebdd3e
-- depends: accounts/0001

-- up
CREATE TABLE addons (
    id              INTEGER PRIMARY KEY,
    slug            TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    summary         TEXT NOT NULL,
    description     TEXT NOT NULL DEFAULT '',
    status          TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'listed', 'unlisted', 'disabled')),
    icon            TEXT,
    users_count     INTEGER NOT NULL DEFAULT 0,
    downloads_count INTEGER NOT NULL DEFAULT 0,
    created_at      TEXT NOT NULL
) STRICT;

CREATE TABLE addon_authors (
    addon_id INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES users (id),
    role     TEXT NOT NULL DEFAULT 'developer' CHECK (role IN ('owner', 'developer')),
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (addon_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE categories (
    id          INTEGER PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    parent_id   INTEGER REFERENCES categories (id)
) STRICT;

CREATE TABLE addon_categories (
    addon_id    INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    category_id INTEGER NOT NULL REFERENCES categories (id),
    PRIMARY KEY (addon_id, category_id)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE files (
    id         INTEGER PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    platform   TEXT NOT NULL DEFAULT 'any' CHECK (platform IN ('any', 'desktop', 'mobile')),
    path       TEXT,
    size_bytes INTEGER
) STRICT;

CREATE INDEX files_by_version ON files (version_id);

-- down
DROP TABLE files;
DROP TABLE versions;
DROP TABLE licences;
DROP TABLE addon_categories;
DROP TABLE categories;
DROP TABLE addon_authors;
DROP TABLE addons;
