-- The heart of the catalogue. `icon` is a path under the storage folder; `last_released_at` repeats the newest date in
-- `versions`, because every listing sorts by it.

CREATE TABLE addons (
    id               BIGINT NOT NULL AUTO_INCREMENT,
    slug             VARCHAR(64) NOT NULL,
    name             VARCHAR(100) NOT NULL,
    summary          VARCHAR(250) NOT NULL,
    description      TEXT NOT NULL DEFAULT (''),
    status           ENUM('draft', 'listed', 'unlisted', 'disabled') NOT NULL DEFAULT 'draft',
    icon             VARCHAR(255),
    users_count      INT UNSIGNED NOT NULL DEFAULT 0,
    downloads_count  INT UNSIGNED NOT NULL DEFAULT 0,
    created_at       DATETIME NOT NULL,
    last_released_at DATETIME,
    PRIMARY KEY (id),
    UNIQUE KEY addons_by_slug (slug),
    KEY addons_listed_by_users (status, users_count DESC),
    KEY addons_listed_by_release (status, last_released_at DESC)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE addon_authors (
    addon_id BIGINT NOT NULL,
    user_id  BIGINT NOT NULL,
    role     ENUM('owner', 'developer') NOT NULL DEFAULT 'developer',
    position SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (addon_id, user_id),
    KEY addon_authors_by_user (user_id),
    CONSTRAINT addon_authors_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE,
    CONSTRAINT addon_authors_user FOREIGN KEY (user_id) REFERENCES users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
