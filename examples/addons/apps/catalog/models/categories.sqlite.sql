-- A shallow tree: a category may have a parent, and an add-on may sit in several categories.

CREATE TABLE categories (
    id          INTEGER PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    parent_id   INTEGER REFERENCES categories (id)
) STRICT;

CREATE TABLE addon_categories (
    addon_id    INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    category_id INTEGER NOT NULL REFERENCES categories (id),
    PRIMARY KEY (addon_id, category_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX addon_categories_by_category ON addon_categories (category_id);
