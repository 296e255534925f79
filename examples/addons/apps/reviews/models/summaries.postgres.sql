-- The sums over `ratings`, one row for each add-on that has any. `average` is what people see. `weighted` is what we
-- sort by: ten imagined ratings of 3.5 are mixed in, so that a single five does not win. The triggers below are the
-- only writers.

CREATE TABLE rating_summaries (
    addon_id      bigint PRIMARY KEY REFERENCES addons (id) ON DELETE CASCADE,
    ratings_count integer NOT NULL,
    score_total   integer NOT NULL,
    average       numeric(3, 2) NOT NULL DEFAULT 0,
    weighted      numeric(4, 3) GENERATED ALWAYS AS (round((score_total + 35.0) / (ratings_count + 10), 3)) STORED
);

-- One call for each statement, not for each row: a bulk load adds every add-on's new ratings at once. A trigger that is
-- given whole tables cannot name columns, so the second one leaves alone what did not change.
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
