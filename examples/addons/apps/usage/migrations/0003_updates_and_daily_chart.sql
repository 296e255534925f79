-- Updates counted apart from first downloads, and an index for the chart of the day
-- revision: c94cfabd4223
-- parent: 0d9c1a5af567

-- up
ALTER TABLE daily_downloads ADD COLUMN updates INTEGER NOT NULL DEFAULT 0;
CREATE INDEX daily_downloads_by_day ON daily_downloads (day, count DESC);

-- up: mysql mariadb
ALTER TABLE daily_downloads
    ADD COLUMN updates INT UNSIGNED NOT NULL DEFAULT 0,
    ADD KEY daily_downloads_by_day (day, count DESC);

-- down
DROP INDEX daily_downloads_by_day;
ALTER TABLE daily_downloads DROP COLUMN updates;

-- down: mysql mariadb
ALTER TABLE daily_downloads
    DROP KEY daily_downloads_by_day,
    DROP COLUMN updates;
