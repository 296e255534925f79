-- One file for each version and platform, never an empty one
-- revision: 65ca11bbc015
-- parent: 477596844314

-- up
-- SQLite cannot add a constraint to a table, so the table is built again. Nothing refers to `files`, which makes
-- dropping it safe while foreign keys are checked. Uploads that broke off left files of size 0 or without a size, and
-- second attempts left two rows for one platform: the newest whole one stays.
CREATE TABLE files_rebuilt (
    id         INTEGER PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    platform   TEXT NOT NULL DEFAULT 'any' CHECK (platform IN ('any', 'desktop', 'mobile')),
    path       TEXT,
    size_bytes INTEGER NOT NULL,
    UNIQUE (version_id, platform),
    CONSTRAINT files_have_content CHECK (size_bytes > 0)
) STRICT;

INSERT INTO files_rebuilt (id, version_id, platform, path, size_bytes)
SELECT id, version_id, platform, path, size_bytes
FROM files
WHERE id IN (SELECT max(id) FROM files WHERE size_bytes > 0 GROUP BY version_id, platform);

DROP TABLE files;
ALTER TABLE files_rebuilt RENAME TO files;

-- Two rows with one path would let deleting either take away the other's file.
CREATE UNIQUE INDEX files_by_path ON files (path) WHERE path IS NOT NULL;

-- down
CREATE TABLE files_rebuilt (
    id         INTEGER PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    platform   TEXT NOT NULL DEFAULT 'any' CHECK (platform IN ('any', 'desktop', 'mobile')),
    path       TEXT,
    size_bytes INTEGER
) STRICT;

INSERT INTO files_rebuilt (id, version_id, platform, path, size_bytes)
SELECT id, version_id, platform, path, size_bytes FROM files;

DROP TABLE files;
ALTER TABLE files_rebuilt RENAME TO files;

CREATE INDEX files_by_version ON files (version_id);
