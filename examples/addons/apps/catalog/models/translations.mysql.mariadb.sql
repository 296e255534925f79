-- Names and summaries in other languages than English. A missing row means: show the English text.

CREATE TABLE translations (
    addon_id BIGINT NOT NULL,
    locale   VARCHAR(35) NOT NULL,
    name     VARCHAR(100) NOT NULL,
    summary  VARCHAR(250) NOT NULL,
    PRIMARY KEY (addon_id, locale),
    CONSTRAINT translations_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
