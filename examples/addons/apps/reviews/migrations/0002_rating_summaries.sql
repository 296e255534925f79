-- Sums of the ratings, so that listings need not count them
-- revision: 0b8e183a7fea
-- parent: 01e946706b98

-- up: sqlite
CREATE TABLE rating_summaries (
    addon_id      INTEGER PRIMARY KEY REFERENCES addons (id) ON DELETE CASCADE,
    ratings_count INTEGER NOT NULL,
    score_total   INTEGER NOT NULL
) STRICT;

INSERT INTO rating_summaries (addon_id, ratings_count, score_total)
SELECT addon_id, count(*), sum(score) FROM ratings GROUP BY addon_id;

-- up: postgres
CREATE TABLE rating_summaries (
    addon_id      bigint PRIMARY KEY REFERENCES addons (id) ON DELETE CASCADE,
    ratings_count integer NOT NULL,
    score_total   integer NOT NULL
);

INSERT INTO rating_summaries (addon_id, ratings_count, score_total)
SELECT addon_id, count(*), sum(score) FROM ratings GROUP BY addon_id;

-- up: mysql mariadb
CREATE TABLE rating_summaries (
    addon_id      BIGINT NOT NULL,
    ratings_count INT NOT NULL,
    score_total   INT NOT NULL,
    PRIMARY KEY (addon_id),
    CONSTRAINT rating_summaries_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The table is new and nobody writes to it yet, so a second run may put the same rows again.
REPLACE INTO rating_summaries (addon_id, ratings_count, score_total)
SELECT addon_id, count(*), sum(score) FROM ratings GROUP BY addon_id;

-- down
DROP TABLE rating_summaries;
