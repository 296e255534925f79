//! Dumps that an older program has written. What version 1 of the streams looks like is kept as files, one folder for each
//! vendor, which every later program has to load.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use stead_engine::{Access, Place};
use stead_testkit::conformance::streams::{Memory, advance};

use crate::ground::{Ground, on_each};

/// Types whose text form is known to change them, keys, a view, a trigger, a function and an event.
const DATABASE: &[&str] = &[
    "CREATE TABLE parents (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20) NOT NULL, UNIQUE KEY named (name)) \
     DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE kinds (id INT PRIMARY KEY, parent INT, f FLOAT, d DOUBLE, n DECIMAL(20,10), b BIT(8), e ENUM('a', 'ü'), \
     s SET('x', 'y'), y YEAR, t TIME(3), m DATETIME(6), z TIMESTAMP NULL, j JSON, g POINT, o BLOB, \
     w VARCHAR(9) CHARACTER SET utf16, twice INT AS (id * 2) STORED, CONSTRAINT up FOREIGN KEY (parent) REFERENCES parents (id)) \
     DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "INSERT INTO parents VALUES (1, 'Ann'), (7, 'tab\\tand\\nline\\\\')",
    "INSERT INTO kinds (id, parent, f, d, n, b, e, s, y, t, m, z, j, g, o, w) VALUES \
     (1, 7, 16777217, 5e-324, '0.1', b'101', 'ü', 'x,y', 2026, '-838:59:59', '9999-12-31 23:59:59.999999', \
      '2026-03-29 01:30:00', '{\"a\": [1, \"\\\\u00fc\"]}', POINT(1, 2), x'00090a0d1a5c', 'Grüße'), \
     (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "CREATE VIEW named AS SELECT k.id, p.name FROM kinds k LEFT JOIN parents p ON p.id = k.parent",
    "CREATE TRIGGER shout BEFORE INSERT ON parents FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
    "CREATE FUNCTION thrice(n INT) RETURNS INT DETERMINISTIC RETURN n * 3",
];

/// What is in it, as bytes.
const LOOK: [&str; 3] = [
    "SELECT id, parent, f + 0e0, d, n, HEX(b), HEX(e), s + 0, y + 0, t, m, z, HEX(CAST(j AS CHAR)), HEX(g), HEX(o), HEX(w), \
     twice, thrice(id) FROM kinds ORDER BY id",
    "SELECT id, HEX(name) FROM parents ORDER BY id",
    "SELECT id, HEX(name) FROM named ORDER BY id",
];

#[test]
fn streams_of_version_1_are_still_loaded() -> Result<()> {
    on_each("fixture", async |ground| {
        let folder = format!("tests/fixtures/streams-1-{}", ground.kind().word());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let fresh = ground.database("fresh", DATABASE).await?;
        if std::env::var_os("STEAD_WRITE_FIXTURES").is_some() {
            ground.dump(&fresh).await?.write(&folder)?;
        }
        let built = ground.server.bulk().beside(&fresh, "fixture");
        ground.server.remove(&built).await?;
        ground.server.bulk().load(&built, Arc::new(Memory::read(&folder)?), advance()).await?;
        let compared = compare(ground, &fresh, &built).await;
        ground.server.remove(&built).await?;
        compared
    })
}

async fn compare(ground: &Ground, fresh: &Place, built: &Place) -> Result<()> {
    for look in LOOK {
        let (expected, found) = (ground.rows(fresh, look).await?, ground.rows(built, look).await?);
        ensure!(expected == found, "{look}: {expected:?} and {found:?}");
    }
    let mut sessions = Vec::new();
    for place in [fresh, built] {
        sessions.push(ground.server.open(place, Access::Read).await?);
    }
    let (expected, found) = (sessions[0].inspect().await?, sessions[1].inspect().await?);
    let differences = stead_schema::compare(&expected, &found);
    ensure!(differences.is_empty(), "the schemas differ: {differences:?}");
    ground.run(built, &["INSERT INTO parents (name) VALUES ('bob')"]).await?;
    let added = ground.rows(built, "SELECT id, name FROM parents WHERE name = 'BOB'").await?;
    ensure!(added.len() == 1 && added[0][0] == stead_engine::Value::Integer(8), "{added:?}");
    Ok(())
}
