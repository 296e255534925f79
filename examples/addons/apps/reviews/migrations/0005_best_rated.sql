-- The view behind the page of best rated add-ons, and an index for the page of a user's ratings
-- revision: 80d391e98320
-- parent: 018b987b21a7

-- up
CREATE INDEX ratings_by_user ON ratings (user_id);

CREATE VIEW best_rated AS
SELECT addons.id, addons.slug, addons.name, summaries.ratings_count, summaries.average, summaries.weighted
FROM rating_summaries AS summaries
JOIN addons ON addons.id = summaries.addon_id
WHERE addons.status = 'listed' AND summaries.ratings_count >= 20
ORDER BY summaries.weighted DESC, addons.id;

-- up: mysql mariadb
-- The index is there since 0001, where the foreign key wanted it.
CREATE VIEW best_rated AS
SELECT addons.id, addons.slug, addons.name, summaries.ratings_count, summaries.average, summaries.weighted
FROM rating_summaries AS summaries
JOIN addons ON addons.id = summaries.addon_id
WHERE addons.status = 'listed' AND summaries.ratings_count >= 20
ORDER BY summaries.weighted DESC, addons.id;

-- down
DROP VIEW best_rated;
DROP INDEX ratings_by_user;

-- down: mysql mariadb
DROP VIEW best_rated;
