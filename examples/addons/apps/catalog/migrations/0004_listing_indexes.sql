-- Indexes for the listing, author, category and version pages
-- revision: 477596844314
-- parent: 61ad403ea5d2

-- up
CREATE INDEX addons_listed_by_users ON addons (users_count DESC) WHERE status = 'listed';
CREATE INDEX addons_listed_by_release ON addons (last_released_at DESC) WHERE status = 'listed';
CREATE INDEX addon_authors_by_user ON addon_authors (user_id);
CREATE INDEX addon_categories_by_category ON addon_categories (category_id);
CREATE INDEX versions_by_release ON versions (addon_id, released_at DESC);

-- up: mysql mariadb
-- There are no indexes over a part of a table, so the status comes first: `WHERE status = 'listed' ORDER BY users_count
-- DESC` still reads the index from one end. The author and category pages have their indexes since 0001.
ALTER TABLE addons
    ADD KEY addons_listed_by_users (status, users_count DESC),
    ADD KEY addons_listed_by_release (status, last_released_at DESC);

ALTER TABLE versions ADD KEY versions_by_release (addon_id, released_at DESC);

-- down
DROP INDEX versions_by_release;
DROP INDEX addon_categories_by_category;
DROP INDEX addon_authors_by_user;
DROP INDEX addons_listed_by_release;
DROP INDEX addons_listed_by_users;

-- down: mysql mariadb
ALTER TABLE versions DROP KEY versions_by_release;

ALTER TABLE addons
    DROP KEY addons_listed_by_release,
    DROP KEY addons_listed_by_users;
