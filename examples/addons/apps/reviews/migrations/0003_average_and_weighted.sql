-- The average rating, and a weighted one to sort by
-- revision: 00e3837f419a
-- parent: 0b8e183a7fea

-- up: sqlite
ALTER TABLE rating_summaries ADD COLUMN average REAL NOT NULL DEFAULT 0;
UPDATE rating_summaries SET average = round(1.0 * score_total / ratings_count, 2);

ALTER TABLE rating_summaries
ADD COLUMN weighted REAL AS (round((score_total + 35.0) / (ratings_count + 10), 3)) VIRTUAL;

-- up: postgres
ALTER TABLE rating_summaries
    ADD COLUMN average numeric(3, 2) NOT NULL DEFAULT 0,
    ADD COLUMN weighted numeric(4, 3)
        GENERATED ALWAYS AS (round((score_total + 35.0) / (ratings_count + 10), 3)) STORED;

UPDATE rating_summaries SET average = round(score_total::numeric / ratings_count, 2);

-- up: mysql mariadb
-- A quotient has four decimals more than its dividend. The zeros below make that enough to be rounded only once.
ALTER TABLE rating_summaries
    ADD COLUMN average DECIMAL(3, 2) NOT NULL DEFAULT 0,
    ADD COLUMN weighted DECIMAL(4, 3)
        GENERATED ALWAYS AS (round((score_total + 35.00000) / (ratings_count + 10), 3)) VIRTUAL;

UPDATE rating_summaries SET average = round(1.0000 * score_total / ratings_count, 2);

-- down
ALTER TABLE rating_summaries DROP COLUMN weighted;
ALTER TABLE rating_summaries DROP COLUMN average;

-- down: mysql mariadb
ALTER TABLE rating_summaries
    DROP COLUMN weighted,
    DROP COLUMN average;
