-- Downloads a day, counted by the download servers
-- revision: fc637aac58cd

-- up
CREATE TABLE daily_downloads (
    addon_id INTEGER NOT NULL,
    day      TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE daily_downloads;
