-- The date of the newest version on the add-on itself, because every listing sorts by it
-- revision: 61ad403ea5d2
-- parent: 0926c4866ab4

-- up
ALTER TABLE addons ADD COLUMN last_released_at TEXT;

UPDATE addons
SET last_released_at = (SELECT max(released_at) FROM versions WHERE versions.addon_id = addons.id);

-- down
ALTER TABLE addons DROP COLUMN last_released_at;
