-- The heart of the catalogue. `icon` is a path under the storage folder; `last_released_at` repeats the newest date in
-- `versions`, because every listing sorts by it.

CREATE TABLE addons (
    id               INTEGER PRIMARY KEY,
    slug             TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL,
    summary          TEXT NOT NULL,
    description      TEXT NOT NULL DEFAULT '',
    status           TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'listed', 'unlisted', 'disabled')),
    icon             TEXT,
    users_count      INTEGER NOT NULL DEFAULT 0,
    downloads_count  INTEGER NOT NULL DEFAULT 0,
    created_at       TEXT NOT NULL,
    last_released_at TEXT
) STRICT;

CREATE INDEX addons_listed_by_users ON addons (users_count DESC) WHERE status = 'listed';
CREATE INDEX addons_listed_by_release ON addons (last_released_at DESC) WHERE status = 'listed';

CREATE TABLE addon_authors (
    addon_id INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES users (id),
    role     TEXT NOT NULL DEFAULT 'developer' CHECK (role IN ('owner', 'developer')),
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (addon_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX addon_authors_by_user ON addon_authors (user_id);
