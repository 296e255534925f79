-- Free words that authors give their add-ons, stored once each.

CREATE TABLE tags (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name = lower(name))
) STRICT;

CREATE TABLE addon_tags (
    addon_id INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    tag_id   INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (addon_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX addon_tags_by_tag ON addon_tags (tag_id);
