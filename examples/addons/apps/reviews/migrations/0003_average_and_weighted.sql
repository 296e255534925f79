-- The average rating, and a weighted one to sort by
-- revision: 00e3837f419a
-- parent: 0b8e183a7fea

-- up
ALTER TABLE rating_summaries ADD COLUMN average REAL NOT NULL DEFAULT 0;
UPDATE rating_summaries SET average = round(1.0 * score_total / ratings_count, 2);

ALTER TABLE rating_summaries
ADD COLUMN weighted REAL AS (round((score_total + 35.0) / (ratings_count + 10), 3)) VIRTUAL;

-- down
ALTER TABLE rating_summaries DROP COLUMN weighted;
ALTER TABLE rating_summaries DROP COLUMN average;
