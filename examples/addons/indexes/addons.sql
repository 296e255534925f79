-- One document for each listed add-on, its number first. Every list inside a document has an order of its own, so that
-- two builds over the same rows give the same documents.

SELECT
    addons.id,
    addons.slug,
    addons.name,
    addons.summary,
    addons.description,
    (
        SELECT group_concat(handle, ', ')
        FROM (
            SELECT users.handle
            FROM addon_authors
            JOIN users ON users.id = addon_authors.user_id
            WHERE addon_authors.addon_id = addons.id
            ORDER BY addon_authors.position
        )
    ) AS authors,
    (
        SELECT group_concat(name, ', ')
        FROM (
            SELECT tags.name
            FROM addon_tags
            JOIN tags ON tags.id = addon_tags.tag_id
            WHERE addon_tags.addon_id = addons.id
            ORDER BY tags.name
        )
    ) AS tags,
    (
        SELECT group_concat(name, ', ')
        FROM (
            SELECT categories.name
            FROM addon_categories
            JOIN categories ON categories.id = addon_categories.category_id
            WHERE addon_categories.addon_id = addons.id
            ORDER BY categories.id
        )
    ) AS categories,
    rating_summaries.average AS rating,
    coalesce(rating_summaries.ratings_count, 0) AS ratings,
    addons.users_count AS users,
    addons.downloads_count AS downloads,
    addons.last_released_at AS released
FROM addons
LEFT JOIN rating_summaries ON rating_summaries.addon_id = addons.id
WHERE addons.status = 'listed'
ORDER BY addons.id;
