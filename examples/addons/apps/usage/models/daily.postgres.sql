-- Counters from the download servers, one row a day and add-on. They live in a database of their own because they grow
-- every night and can be lost without harm; `addon_id` is a number of the catalogue, which no foreign key can check.

CREATE TABLE daily_downloads (
    addon_id bigint NOT NULL,
    day      date NOT NULL,
    count    integer NOT NULL CHECK (count >= 0),
    updates  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (addon_id, day)
);

CREATE INDEX daily_downloads_by_day ON daily_downloads (day, count DESC);

CREATE TABLE daily_users (
    addon_id bigint NOT NULL,
    day      date NOT NULL,
    platform text NOT NULL CHECK (platform IN ('desktop', 'mobile')),
    count    integer NOT NULL CHECK (count >= 0),
    PRIMARY KEY (addon_id, day, platform)
);
