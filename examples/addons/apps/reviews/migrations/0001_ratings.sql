-- Ratings, one for each user and add-on
-- revision: 01e946706b98
-- depends: catalog/0001

-- up
CREATE TABLE ratings (
    id         INTEGER PRIMARY KEY,
    addon_id   INTEGER NOT NULL REFERENCES addons (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    score      INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    body       TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (addon_id, user_id)
) STRICT;

-- down
DROP TABLE ratings;
