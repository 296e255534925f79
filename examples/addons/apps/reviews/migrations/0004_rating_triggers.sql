-- Triggers keep the summaries; the nightly recount is no longer needed
-- revision: 018b987b21a7
-- parent: 00e3837f419a

-- up
-- Ratings that came after the last recount are not in the sums yet.
DELETE FROM rating_summaries;
INSERT INTO rating_summaries (addon_id, ratings_count, score_total, average)
SELECT addon_id, count(*), sum(score), round(1.0 * sum(score) / count(*), 2) FROM ratings GROUP BY addon_id;

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

-- down
DROP TRIGGER ratings_deleted;
DROP TRIGGER ratings_updated;
DROP TRIGGER ratings_inserted;
