-- Names and summaries in other languages than English. A missing row means: show the English text.

CREATE TABLE translations (
    addon_id INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    locale   TEXT NOT NULL,
    name     TEXT NOT NULL,
    summary  TEXT NOT NULL,
    PRIMARY KEY (addon_id, locale)
) STRICT, WITHOUT ROWID;
