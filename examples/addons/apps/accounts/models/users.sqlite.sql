-- One row for everybody who signs in: authors, reviewers and staff alike. Handles are shown as they were typed, but
-- two handles that differ only in case are the same to a reader, so the index below refuses the second one.

CREATE TABLE users (
    id             INTEGER PRIMARY KEY,
    handle         TEXT NOT NULL CHECK (length(handle) BETWEEN 2 AND 64),
    email          TEXT NOT NULL UNIQUE,
    created_at     TEXT NOT NULL,
    locale         TEXT NOT NULL DEFAULT 'en',
    deactivated_at TEXT
) STRICT;

CREATE UNIQUE INDEX users_by_handle ON users (handle COLLATE NOCASE);
