-- Names and summaries in other languages than English. A missing row means: show the English text.

CREATE TABLE translations (
    addon_id bigint NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    locale   text NOT NULL,
    name     text NOT NULL,
    summary  text NOT NULL,
    PRIMARY KEY (addon_id, locale)
);
