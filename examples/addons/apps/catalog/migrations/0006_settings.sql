-- Settings that staff can change without a deployment
-- revision: 8070b1ab3128
-- parent: 65ca11bbc015

-- up
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE settings;
