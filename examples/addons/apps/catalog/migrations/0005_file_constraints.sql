-- One file for each version and platform, never an empty one
-- revision: 65ca11bbc015
-- parent: 477596844314

-- up: sqlite
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

-- up: postgres
-- Uploads that broke off left files of size 0 or without a size, and second attempts left two rows for one platform: the
-- newest whole one stays.
DELETE FROM files
WHERE id NOT IN (SELECT max(id) FROM files WHERE size_bytes > 0 GROUP BY version_id, platform);

ALTER TABLE files
    ALTER COLUMN size_bytes SET NOT NULL,
    ADD UNIQUE (version_id, platform),
    ADD CONSTRAINT files_have_content CHECK (size_bytes > 0);

-- The new constraint brings an index that begins with the same column.
DROP INDEX files_by_version;

-- Two rows with one path would let deleting either take away the other's file. The condition keeps the many rows without
-- a path out of the index.
CREATE UNIQUE INDEX files_by_path ON files (path) WHERE path IS NOT NULL;

-- up: mysql mariadb
-- Uploads that broke off left files of size 0 or without a size, and second attempts left two rows for one platform: the
-- newest whole one stays.
DELETE files FROM files
LEFT JOIN (
    SELECT max(id) AS id FROM files WHERE size_bytes > 0 GROUP BY version_id, platform
) AS kept ON kept.id = files.id
WHERE kept.id IS NULL;

-- The new key also serves the foreign key that `files_by_version` was made for. Two rows with one path would let deleting
-- either take away the other's file; NULLs are all different to a unique key, so it needs no condition.
ALTER TABLE files
    MODIFY COLUMN size_bytes BIGINT UNSIGNED NOT NULL,
    ADD UNIQUE KEY files_by_platform (version_id, platform),
    ADD UNIQUE KEY files_by_path (path),
    DROP KEY files_by_version,
    ADD CONSTRAINT files_have_content CHECK (size_bytes > 0);

-- down: sqlite
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

-- down: postgres
DROP INDEX files_by_path;

CREATE INDEX files_by_version ON files (version_id);

ALTER TABLE files
    DROP CONSTRAINT files_have_content,
    DROP CONSTRAINT files_version_id_platform_key,
    ALTER COLUMN size_bytes DROP NOT NULL;

-- down: mysql mariadb
ALTER TABLE files
    DROP CONSTRAINT files_have_content,
    ADD KEY files_by_version (version_id),
    DROP KEY files_by_path,
    DROP KEY files_by_platform,
    MODIFY COLUMN size_bytes BIGINT UNSIGNED;
