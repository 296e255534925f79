-- Downloads a day, counted by the download servers
-- revision: fc637aac58cd

-- up: sqlite
CREATE TABLE daily_downloads (
    addon_id INTEGER NOT NULL,
    day      TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day)
) STRICT, WITHOUT ROWID;

-- up: postgres
CREATE TABLE daily_downloads (
    addon_id bigint NOT NULL,
    day      date NOT NULL,
    count    integer NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day)
);

-- up: mysql mariadb
CREATE TABLE daily_downloads (
    addon_id BIGINT NOT NULL,
    day      DATE NOT NULL,
    count    INT UNSIGNED NOT NULL,
    PRIMARY KEY (addon_id, day)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- down
DROP TABLE daily_downloads;
