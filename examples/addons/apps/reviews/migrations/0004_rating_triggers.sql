-- Triggers keep the summaries; the nightly recount is no longer needed
-- revision: 018b987b21a7
-- parent: 00e3837f419a

-- up: sqlite
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

-- up: postgres
-- Ratings that came after the last recount are not in the sums yet.
DELETE FROM rating_summaries;
INSERT INTO rating_summaries (addon_id, ratings_count, score_total, average)
SELECT addon_id, count(*), sum(score), round(avg(score), 2) FROM ratings GROUP BY addon_id;

-- One call for each statement, not for each row: a bulk load adds every add-on's new ratings at once. A trigger that is
-- given whole tables cannot name columns, so the second one leaves alone what did not change. Rows are taken in order of
-- their keys, so that two loads at a time do not wait for each other in a circle.
CREATE FUNCTION add_to_summaries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rating_summaries AS summaries (addon_id, ratings_count, score_total, average)
    SELECT addon_id, count(*), sum(score), round(avg(score), 2)
    FROM added
    GROUP BY addon_id
    ORDER BY addon_id
    ON CONFLICT (addon_id) DO UPDATE SET
        ratings_count = summaries.ratings_count + excluded.ratings_count,
        score_total = summaries.score_total + excluded.score_total,
        average = round(
            (summaries.score_total + excluded.score_total)::numeric
            / (summaries.ratings_count + excluded.ratings_count), 2);
    RETURN NULL;
END
$$;

CREATE FUNCTION move_summaries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rating_summaries AS summaries
    SET score_total = summaries.score_total + moved.score,
        average = round((summaries.score_total + moved.score)::numeric / summaries.ratings_count, 2)
    FROM (
        SELECT addon_id, sum(score) AS score
        FROM (SELECT addon_id, score FROM after UNION ALL SELECT addon_id, -score FROM before) AS scores
        GROUP BY addon_id
        HAVING sum(score) <> 0
    ) AS moved
    WHERE summaries.addon_id = moved.addon_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION take_from_summaries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM rating_summaries AS summaries
    USING (SELECT addon_id, count(*) AS ratings FROM removed GROUP BY addon_id) AS gone
    WHERE summaries.addon_id = gone.addon_id AND summaries.ratings_count = gone.ratings;

    UPDATE rating_summaries AS summaries
    SET ratings_count = summaries.ratings_count - gone.ratings,
        score_total = summaries.score_total - gone.score,
        average = round((summaries.score_total - gone.score)::numeric / (summaries.ratings_count - gone.ratings), 2)
    FROM (SELECT addon_id, count(*) AS ratings, sum(score) AS score FROM removed GROUP BY addon_id) AS gone
    WHERE summaries.addon_id = gone.addon_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER ratings_inserted AFTER INSERT ON ratings
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION add_to_summaries();

CREATE TRIGGER ratings_updated AFTER UPDATE ON ratings
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION move_summaries();

CREATE TRIGGER ratings_deleted AFTER DELETE ON ratings
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION take_from_summaries();

-- up: mysql mariadb
-- Ratings that came after the last recount are not in the sums yet. The recount comes last, after the triggers, and can
-- be run again: between these statements there is no transaction, and whatever is written meanwhile is counted by then.
--
-- Assignments take effect from left to right: a column that was assigned is the new one in what follows. So the average
-- is worked out first.
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

-- No trigger runs for rows that a foreign key deletes. Those of an add-on may go silently, because its sums go with them;
-- those of a user may not, so they have to be deleted first.
ALTER TABLE ratings DROP FOREIGN KEY ratings_user;
ALTER TABLE ratings ADD CONSTRAINT ratings_user FOREIGN KEY (user_id) REFERENCES users (id);

REPLACE INTO rating_summaries (addon_id, ratings_count, score_total, average)
SELECT addon_id, count(*), sum(score), round(1.0000 * sum(score) / count(*), 2) FROM ratings GROUP BY addon_id;

DELETE rating_summaries FROM rating_summaries
LEFT JOIN ratings ON ratings.addon_id = rating_summaries.addon_id
WHERE ratings.id IS NULL;

-- down: sqlite
DROP TRIGGER ratings_deleted;
DROP TRIGGER ratings_updated;
DROP TRIGGER ratings_inserted;

-- down: postgres
DROP TRIGGER ratings_deleted ON ratings;
DROP TRIGGER ratings_updated ON ratings;
DROP TRIGGER ratings_inserted ON ratings;
DROP FUNCTION take_from_summaries();
DROP FUNCTION move_summaries();
DROP FUNCTION add_to_summaries();

-- down: mysql mariadb
DROP TRIGGER ratings_deleted;
DROP TRIGGER ratings_updated;
DROP TRIGGER ratings_inserted;

ALTER TABLE ratings DROP FOREIGN KEY ratings_user;
ALTER TABLE ratings ADD CONSTRAINT ratings_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
