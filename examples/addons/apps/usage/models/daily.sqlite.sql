-- Counters from the download servers, one row a day and add-on. They live in a database of their own because they grow
-- every night and can be lost without harm; `addon_id` is a number of the catalogue, which no foreign key can check.

CREATE TABLE daily_downloads (
    addon_id INTEGER NOT NULL,
    day      TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    count    INTEGER NOT NULL CHECK (count >= 0),
    updates  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (addon_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX daily_downloads_by_day ON daily_downloads (day, count DESC);

CREATE TABLE daily_users (
    addon_id INTEGER NOT NULL,
    day      TEXT NOT NULL,
    platform TEXT NOT NULL CHECK (platform IN ('desktop', 'mobile')),
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day, platform)
) STRICT, WITHOUT ROWID;
