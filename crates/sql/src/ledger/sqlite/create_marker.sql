CREATE TABLE IF NOT EXISTS stead_marker (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL,
    at TEXT NOT NULL,
    source TEXT,
    swap_token TEXT
)
