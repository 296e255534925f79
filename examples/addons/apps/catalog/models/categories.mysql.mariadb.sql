-- A shallow tree: a category may have a parent, and an add-on may sit in several categories.

CREATE TABLE categories (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    slug        VARCHAR(64) NOT NULL,
    name        VARCHAR(100) NOT NULL,
    description VARCHAR(255) NOT NULL DEFAULT '',
    parent_id   BIGINT,
    PRIMARY KEY (id),
    UNIQUE KEY categories_by_slug (slug),
    KEY categories_by_parent (parent_id),
    CONSTRAINT categories_parent FOREIGN KEY (parent_id) REFERENCES categories (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE addon_categories (
    addon_id    BIGINT NOT NULL,
    category_id BIGINT NOT NULL,
    PRIMARY KEY (addon_id, category_id),
    KEY addon_categories_by_category (category_id),
    CONSTRAINT addon_categories_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE,
    CONSTRAINT addon_categories_category FOREIGN KEY (category_id) REFERENCES categories (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
