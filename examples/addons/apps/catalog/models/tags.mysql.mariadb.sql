-- Free words that authors give their add-ons, stored once each.

CREATE TABLE tags (
    id   BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(64) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY tags_by_name (name),
    CONSTRAINT tags_lower_case CHECK (name = lower(name))
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE addon_tags (
    addon_id BIGINT NOT NULL,
    tag_id   BIGINT NOT NULL,
    PRIMARY KEY (addon_id, tag_id),
    KEY addon_tags_by_tag (tag_id),
    CONSTRAINT addon_tags_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE,
    CONSTRAINT addon_tags_tag FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
