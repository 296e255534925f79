-- Users, the people behind add-ons and ratings
-- revision: e15e098f69f6

-- up
CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    handle     TEXT NOT NULL CHECK (length(handle) BETWEEN 2 AND 64),
    email      TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

-- down
DROP TABLE users;
