-- One rating by one user for one add-on; the words are optional, the stars are not.

CREATE TABLE ratings (
    id         INTEGER PRIMARY KEY,
    addon_id   INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    score      INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    body       TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (addon_id, user_id)
) STRICT;

CREATE INDEX ratings_by_user ON ratings (user_id);
