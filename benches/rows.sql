-- A database of the size that is asked for: 1,000 bytes a row or so, text that compresses as an application's rows do, and a
-- little that does not. `:rows` and `:articles` are given by the script that reads this.
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
PRAGMA page_size = 4096;

CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL);
WITH RECURSIVE number (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM number WHERE id < 4095)
INSERT INTO words SELECT id, lower(hex(substr(randomblob(8), 1, 2 + id % 5))) FROM number;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    token BLOB NOT NULL
);
WITH RECURSIVE
    number (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < :rows),
    sentence (id, text) AS MATERIALIZED (
        SELECT one.id, one.word || ' ' || two.word || ' ' || three.word || ' ' || four.word || ' ' || five.word || ' ' || six.word
        FROM words one
        JOIN words two ON two.id = (one.id * 7 + 3) % 4096
        JOIN words three ON three.id = (one.id * 31 + 5) % 4096
        JOIN words four ON four.id = (one.id * 127 + 7) % 4096
        JOIN words five ON five.id = (one.id * 511 + 11) % 4096
        JOIN words six ON six.id = (one.id * 2047 + 13) % 4096
    ),
    drawn (id, a, b, c, d) AS (
        SELECT id, random() & 4095, random() & 4095, random() & 4095, random() & 4095 FROM number
    )
INSERT INTO events
SELECT drawn.id, drawn.a * 11, CASE drawn.b % 3 WHEN 0 THEN 'opened' WHEN 1 THEN 'changed' ELSE 'closed' END,
    datetime(1700000000 + drawn.id * 17, 'unixepoch'),
    w.text || '. ' || x.text || '. ' || y.text || '. ' || z.text || '. ' || x.text || '. ' || w.text || '. ' || z.text || '. ' || y.text
        || '. ' || y.text || '. ' || x.text || '. ' || w.text || '. ' || z.text || '. ',
    randomblob(48)
FROM drawn
JOIN sentence w ON w.id = drawn.a
JOIN sentence x ON x.id = drawn.b
JOIN sentence y ON y.id = drawn.c
JOIN sentence z ON z.id = drawn.d;
CREATE INDEX events_by_account ON events (account, kind);

CREATE TABLE articles (id INTEGER PRIMARY KEY, name TEXT NOT NULL, summary TEXT NOT NULL, kind TEXT NOT NULL, rating REAL NOT NULL);
WITH RECURSIVE number (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < :articles)
INSERT INTO articles
SELECT e.id, substr(e.body, 1, 30), substr(e.body, 31, 220), e.kind, 0.5 + e.account % 10
FROM number JOIN events e ON e.id = number.id;
DROP TABLE words;
