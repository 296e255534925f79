-- One document for each listed add-on, its number first, as `addons.sql` has it. Every list inside a document has an order
-- of its own, that of tags by their bytes and not by the language of the database, so that two builds over the same rows
-- give the same documents. An average is a decimal number, which is exact text on the way out: the index wants a number.

SELECT
    addons.id,
    addons.slug,
    addons.name,
    addons.summary,
    addons.description,
    (
        SELECT string_agg(users.handle, ', ' ORDER BY addon_authors.position)
        FROM addon_authors
        JOIN users ON users.id = addon_authors.user_id
        WHERE addon_authors.addon_id = addons.id
    ) AS authors,
    (
        SELECT string_agg(tags.name, ', ' ORDER BY tags.name COLLATE "C")
        FROM addon_tags
        JOIN tags ON tags.id = addon_tags.tag_id
        WHERE addon_tags.addon_id = addons.id
    ) AS tags,
    (
        SELECT string_agg(categories.name, ', ' ORDER BY categories.id)
        FROM addon_categories
        JOIN categories ON categories.id = addon_categories.category_id
        WHERE addon_categories.addon_id = addons.id
    ) AS categories,
    rating_summaries.average::double precision AS rating,
    coalesce(rating_summaries.ratings_count, 0) AS ratings,
    addons.users_count AS users,
    addons.downloads_count AS downloads,
    to_char(addons.last_released_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS released
FROM addons
LEFT JOIN rating_summaries ON rating_summaries.addon_id = addons.id
WHERE addons.status = 'listed'
ORDER BY addons.id;
