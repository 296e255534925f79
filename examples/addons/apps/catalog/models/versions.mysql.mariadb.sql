-- What was published. A version has one file for each platform it supports; `path` is set for the files that lie in
-- our own storage folder and is NULL for those that have moved to the archive.

CREATE TABLE licences (
    id   BIGINT NOT NULL AUTO_INCREMENT,
    slug VARCHAR(64) NOT NULL,
    name VARCHAR(100) NOT NULL,
    url  VARCHAR(255),
    PRIMARY KEY (id),
    UNIQUE KEY licences_by_slug (slug)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE versions (
    id            BIGINT NOT NULL AUTO_INCREMENT,
    addon_id      BIGINT NOT NULL,
    number        VARCHAR(32) NOT NULL,
    channel       ENUM('stable', 'beta') NOT NULL DEFAULT 'stable',
    licence_id    BIGINT NOT NULL,
    release_notes TEXT NOT NULL DEFAULT (''),
    released_at   DATETIME NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY versions_by_number (addon_id, number),
    KEY versions_by_licence (licence_id),
    KEY versions_by_release (addon_id, released_at DESC),
    CONSTRAINT versions_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE,
    CONSTRAINT versions_licence FOREIGN KEY (licence_id) REFERENCES licences (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE files (
    id         BIGINT NOT NULL AUTO_INCREMENT,
    version_id BIGINT NOT NULL,
    platform   ENUM('any', 'desktop', 'mobile') NOT NULL DEFAULT 'any',
    path       VARCHAR(255),
    size_bytes BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY files_by_platform (version_id, platform),
    UNIQUE KEY files_by_path (path),
    CONSTRAINT files_version FOREIGN KEY (version_id) REFERENCES versions (id) ON DELETE CASCADE,
    CONSTRAINT files_have_content CHECK (size_bytes > 0)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
