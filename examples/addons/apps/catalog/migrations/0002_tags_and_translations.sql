-- Tags, and names and summaries in other languages
-- revision: 0926c4866ab4
-- parent: e78e36ebdd3e

-- up
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

CREATE TABLE translations (
    addon_id INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    locale   TEXT NOT NULL,
    name     TEXT NOT NULL,
    summary  TEXT NOT NULL,
    PRIMARY KEY (addon_id, locale)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE translations;
DROP TABLE addon_tags;
DROP TABLE tags;
