-- A language for each user, and no two handles that look the same
-- revision: 811b2f2277f9
-- parent: a1e933a38cd0

-- up
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

-- down
DROP INDEX users_by_handle;
ALTER TABLE users DROP COLUMN deactivated_at;
ALTER TABLE users DROP COLUMN locale;
