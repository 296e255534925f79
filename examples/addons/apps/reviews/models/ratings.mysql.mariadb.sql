-- One rating by one user for one add-on; the words are optional, the stars are not. A user's ratings are deleted before
-- the user: no trigger runs for rows that a foreign key deletes, and the sums in `rating_summaries` would be wrong. With
-- an add-on its sums go as well, so there the key may delete.

CREATE TABLE ratings (
    id         BIGINT NOT NULL AUTO_INCREMENT,
    addon_id   BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    score      TINYINT NOT NULL,
    body       TEXT,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY ratings_by_addon (addon_id, user_id),
    KEY ratings_by_user (user_id),
    CONSTRAINT ratings_addon FOREIGN KEY (addon_id) REFERENCES addons (id) ON DELETE CASCADE,
    CONSTRAINT ratings_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT ratings_score CHECK (score BETWEEN 1 AND 5)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
