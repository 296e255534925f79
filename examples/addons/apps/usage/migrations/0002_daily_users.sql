-- Active users a day and platform
-- revision: 0d9c1a5af567
-- parent: fc637aac58cd

-- up
CREATE TABLE daily_users (
    addon_id INTEGER NOT NULL,
    day      TEXT NOT NULL,
    platform TEXT NOT NULL CHECK (platform IN ('desktop', 'mobile')),
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day, platform)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE daily_users;
