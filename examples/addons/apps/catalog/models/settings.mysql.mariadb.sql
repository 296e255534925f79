-- What staff can change without a deployment. Values are text; whoever reads a key knows its type.

CREATE TABLE settings (
    `key` VARCHAR(64) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (`key`)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
