CREATE TABLE IF NOT EXISTS stead_schema (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT NOT NULL,
    heads TEXT NOT NULL,
    "schema" BLOB NOT NULL,
    at TEXT NOT NULL
)
