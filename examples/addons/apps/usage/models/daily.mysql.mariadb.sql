-- Counters from the download servers, one row a day and add-on. They live in a database of their own because they grow
-- every night and can be lost without harm; `addon_id` is a number of the catalogue, which no foreign key can check.

CREATE TABLE daily_downloads (
    addon_id BIGINT NOT NULL,
    day      DATE NOT NULL,
    count    INT UNSIGNED NOT NULL,
    updates  INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (addon_id, day),
    KEY daily_downloads_by_day (day, count DESC)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE daily_users (
    addon_id BIGINT NOT NULL,
    day      DATE NOT NULL,
    platform ENUM('desktop', 'mobile') NOT NULL,
    count    INT UNSIGNED NOT NULL,
    PRIMARY KEY (addon_id, day, platform)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
