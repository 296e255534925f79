-- What staff can change without a deployment. Values are text; whoever reads a key knows its type.

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
