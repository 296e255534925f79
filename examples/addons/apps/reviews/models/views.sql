-- What the "best rated" page and the newsletter read: listed add-ons with enough ratings to mean something.

CREATE VIEW best_rated AS
SELECT addons.id, addons.slug, addons.name, summaries.ratings_count, summaries.average, summaries.weighted
FROM rating_summaries AS summaries
JOIN addons ON addons.id = summaries.addon_id
WHERE addons.status = 'listed' AND summaries.ratings_count >= 20
ORDER BY summaries.weighted DESC, addons.id;
