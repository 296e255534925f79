-- Sums of the ratings, so that listings need not count them
-- revision: 0b8e183a7fea
-- parent: 01e946706b98

-- up
CREATE TABLE rating_summaries (
    addon_id      INTEGER PRIMARY KEY REFERENCES addons (id) ON DELETE CASCADE,
    ratings_count INTEGER NOT NULL,
    score_total   INTEGER NOT NULL
) STRICT;

INSERT INTO rating_summaries (addon_id, ratings_count, score_total)
SELECT addon_id, count(*), sum(score) FROM ratings GROUP BY addon_id;

-- down
DROP TABLE rating_summaries;
