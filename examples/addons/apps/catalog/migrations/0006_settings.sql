-- Settings that staff can change without a deployment
-- revision: 8070b1ab3128
-- parent: 65ca11bbc015

-- up: sqlite
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- up: postgres
CREATE TABLE settings (
    key   text PRIMARY KEY,
    value text NOT NULL
);

-- up: mysql mariadb
CREATE TABLE settings (
    `key` VARCHAR(64) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (`key`)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- down
DROP TABLE settings;
