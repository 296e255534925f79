-- The date of the newest version on the add-on itself, because every listing sorts by it
-- revision: 61ad403ea5d2
-- parent: 0926c4866ab4

-- up: sqlite
ALTER TABLE addons ADD COLUMN last_released_at TEXT;

UPDATE addons
SET last_released_at = (SELECT max(released_at) FROM versions WHERE versions.addon_id = addons.id);

-- up: postgres
ALTER TABLE addons ADD COLUMN last_released_at timestamptz;

-- One pass over the versions instead of one look-up for each add-on. Add-ons without a version are left alone.
UPDATE addons
SET last_released_at = newest.released_at
FROM (SELECT addon_id, max(released_at) AS released_at FROM versions GROUP BY addon_id) AS newest
WHERE newest.addon_id = addons.id;

-- up: mysql mariadb
ALTER TABLE addons ADD COLUMN last_released_at DATETIME;

UPDATE addons
JOIN (SELECT addon_id, max(released_at) AS released_at FROM versions GROUP BY addon_id) AS newest
    ON newest.addon_id = addons.id
SET addons.last_released_at = newest.released_at;

-- down
ALTER TABLE addons DROP COLUMN last_released_at;
