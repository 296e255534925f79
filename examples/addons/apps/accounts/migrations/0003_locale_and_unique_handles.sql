-- A language for each user, and no two handles that look the same
-- revision: 811b2f2277f9
-- parent: a1e933a38cd0

-- up: sqlite
ALTER TABLE users ADD COLUMN locale TEXT NOT NULL DEFAULT 'en';
ALTER TABLE users ADD COLUMN deactivated_at TEXT;

-- Handles that differ only in case were allowed until now. The oldest account keeps the handle, the others get their
-- number appended.
UPDATE users
SET handle = handle || '-' || id
WHERE EXISTS (
    SELECT 1 FROM users AS older WHERE older.handle = users.handle COLLATE NOCASE AND older.id < users.id
);

CREATE UNIQUE INDEX users_by_handle ON users (handle COLLATE NOCASE);

-- up: postgres
ALTER TABLE users
    ADD COLUMN locale text NOT NULL DEFAULT 'en',
    ADD COLUMN deactivated_at timestamptz;

-- Handles that differ only in case were allowed until now. The oldest account keeps the handle, the others get their
-- number appended.
UPDATE users
SET handle = handle || '-' || id
WHERE EXISTS (
    SELECT FROM users AS older WHERE lower(older.handle) = lower(users.handle) AND older.id < users.id
);

CREATE UNIQUE INDEX users_by_handle ON users (lower(handle));

-- up: mysql mariadb
-- No transaction holds these together, so each statement is whole by itself: all changes of a table are one ALTER, and
-- the UPDATE finds nothing to do when it is run a second time.
ALTER TABLE users
    ADD COLUMN locale VARCHAR(35) NOT NULL DEFAULT 'en',
    ADD COLUMN deactivated_at DATETIME;

-- Handles that differ only in case were allowed until now. The oldest account keeps the handle, the others get their
-- number appended. A subquery may not read the table that is updated, a join may.
UPDATE users
JOIN users AS older ON older.handle = users.handle COLLATE utf8mb4_unicode_ci AND older.id < users.id
SET users.handle = concat(users.handle, '-', users.id);

ALTER TABLE users
    MODIFY COLUMN handle VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
    ADD UNIQUE KEY users_by_handle (handle);

-- down: sqlite
DROP INDEX users_by_handle;
ALTER TABLE users DROP COLUMN deactivated_at;
ALTER TABLE users DROP COLUMN locale;

-- down: postgres
DROP INDEX users_by_handle;
ALTER TABLE users
    DROP COLUMN deactivated_at,
    DROP COLUMN locale;

-- down: mysql mariadb
ALTER TABLE users
    DROP KEY users_by_handle,
    MODIFY COLUMN handle VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    DROP COLUMN deactivated_at,
    DROP COLUMN locale;
