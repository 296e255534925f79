-- The sums over `ratings`, one row for each add-on that has any. `average` is what people see. `weighted` is what we
-- sort by: ten imagined ratings of 3.5 are mixed in, so that a single five does not win. The triggers below are the
-- only writers.

CREATE TABLE rating_summaries (
    addon_id      BIGINT NOT NULL,
    ratings_count INT NOT NULL,
    score_total   INT NOT NULL,
    average       DECIMAL(3, 2) NOT NULL DEFAULT 0,
    weighted      DECIMAL(4, 3) GENERATED ALWAYS AS (round((score_total + 35.00000) / (ratings_count + 10), 3)) VIRTUAL,
    PRIMARY KEY (addon_id),
    CONSTRAINT rating_summaries_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Assignments take effect from left to right: a column that was assigned is the new one in what follows. So the average
-- is worked out first. The zeros in the quotients are for decimals enough to be rounded only once.
CREATE TRIGGER ratings_inserted AFTER INSERT ON ratings
FOR EACH ROW
INSERT INTO rating_summaries (addon_id, ratings_count, score_total, average)
VALUES (NEW.addon_id, 1, NEW.score, NEW.score)
ON DUPLICATE KEY UPDATE
    average = round(1.0000 * (score_total + NEW.score) / (ratings_count + 1), 2),
    ratings_count = ratings_count + 1,
    score_total = score_total + NEW.score;

CREATE TRIGGER ratings_updated AFTER UPDATE ON ratings
FOR EACH ROW
BEGIN
    IF NEW.score <> OLD.score THEN
        UPDATE rating_summaries
        SET average = round(1.0000 * (score_total - OLD.score + NEW.score) / ratings_count, 2),
            score_total = score_total - OLD.score + NEW.score
        WHERE addon_id = NEW.addon_id;
    END IF;
END;

CREATE TRIGGER ratings_deleted AFTER DELETE ON ratings
FOR EACH ROW
BEGIN
    DELETE FROM rating_summaries WHERE addon_id = OLD.addon_id AND ratings_count = 1;
    UPDATE rating_summaries
    SET average = round(1.0000 * (score_total - OLD.score) / (ratings_count - 1), 2),
        ratings_count = ratings_count - 1,
        score_total = score_total - OLD.score
    WHERE addon_id = OLD.addon_id;
END;
