-- Active users a day and platform
-- revision: 0d9c1a5af567
-- parent: fc637aac58cd

-- up: sqlite
CREATE TABLE daily_users (
    addon_id INTEGER NOT NULL,
    day      TEXT NOT NULL,
    platform TEXT NOT NULL CHECK (platform IN ('desktop', 'mobile')),
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day, platform)
) STRICT, WITHOUT ROWID;

-- up: postgres
CREATE TABLE daily_users (
    addon_id bigint NOT NULL,
    day      date NOT NULL,
    platform text NOT NULL CHECK (platform IN ('desktop', 'mobile')),
    count    integer NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day, platform)
);

-- up: mysql mariadb
CREATE TABLE daily_users (
    addon_id BIGINT NOT NULL,
    day      DATE NOT NULL,
    platform ENUM('desktop', 'mobile') NOT NULL,
    count    INT UNSIGNED NOT NULL,
    PRIMARY KEY (addon_id, day, platform)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- down
DROP TABLE daily_users;
