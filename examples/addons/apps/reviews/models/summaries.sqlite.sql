-- The sums over `ratings`, one row for each add-on that has any. `average` is what people see. `weighted` is what we
-- sort by: ten imagined ratings of 3.5 are mixed in, so that a single five does not win. The triggers below are the
-- only writers.

CREATE TABLE rating_summaries (
    addon_id      INTEGER PRIMARY KEY REFERENCES addons (id) ON DELETE CASCADE,
    ratings_count INTEGER NOT NULL,
    score_total   INTEGER NOT NULL,
    average       REAL NOT NULL DEFAULT 0,
    weighted      REAL AS (round((score_total + 35.0) / (ratings_count + 10), 3)) VIRTUAL
) STRICT;

CREATE TRIGGER ratings_inserted AFTER INSERT ON ratings
BEGIN
    INSERT INTO rating_summaries (addon_id, ratings_count, score_total, average)
    VALUES (NEW.addon_id, 1, NEW.score, NEW.score)
    ON CONFLICT (addon_id) DO UPDATE SET
        ratings_count = ratings_count + 1,
        score_total = score_total + NEW.score,
        average = round(1.0 * (score_total + NEW.score) / (ratings_count + 1), 2);
END;

CREATE TRIGGER ratings_updated AFTER UPDATE OF score ON ratings
BEGIN
    UPDATE rating_summaries
    SET score_total = score_total - OLD.score + NEW.score,
        average = round(1.0 * (score_total - OLD.score + NEW.score) / ratings_count, 2)
    WHERE addon_id = NEW.addon_id;
END;

CREATE TRIGGER ratings_deleted AFTER DELETE ON ratings
BEGIN
    DELETE FROM rating_summaries WHERE addon_id = OLD.addon_id AND ratings_count = 1;
    UPDATE rating_summaries
    SET ratings_count = ratings_count - 1,
        score_total = score_total - OLD.score,
        average = round(1.0 * (score_total - OLD.score) / (ratings_count - 1), 2)
    WHERE addon_id = OLD.addon_id;
END;
