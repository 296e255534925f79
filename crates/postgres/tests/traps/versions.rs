//! From one server to another: between versions, into a server that lacks an extension, and out of a dump that an older program
//! has written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use stead_engine::snapshot::Source as _;
use stead_engine::{ErrorClass, Place, Server as _};
use stead_testkit::conformance::streams::{Memory, advance};
use stead_testkit::servers::TestServer;

use crate::scene::{Scene, maintenance, play_both, same, traps};

/// Types of people's own beside those that mean the same everywhere, keys, a view, a function, a partitioned table.
const DATABASE: &[&str] = &[
    "CREATE TYPE junk AS ENUM ('x')",
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    "CREATE DOMAIN small AS integer CHECK (VALUE < 100)",
    "CREATE TYPE pair AS (number integer, feeling mood)",
    "CREATE TABLE people (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, feeling mood, age small)",
    "CREATE TABLE nested (id integer REFERENCES people (id), feelings mood[], one pair, many pair[])",
    "CREATE TABLE kinds (a float8, b numeric, c timestamptz, d interval, e bytea, f jsonb, g uuid, h inet, i text[], \
     j tsvector, k int4range, l xml, m bit varying, n money, o regclass)",
    "CREATE TABLE parts (at date, which mood) PARTITION BY HASH (which)",
    "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    "CREATE VIEW happy AS SELECT id, name FROM people WHERE feeling = 'happy'",
    "CREATE FUNCTION twice(n integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT n * 2'",
    "CREATE INDEX ON people (twice(id))",
    "INSERT INTO people (name, feeling, age) VALUES ('Ann', 'happy', 40), ('Bob', NULL, NULL)",
    "INSERT INTO nested VALUES (1, '{sad,happy}', '(5,ok)', '{\"(6,sad)\",\"(7,)\"}')",
    "INSERT INTO kinds VALUES (0.1::float8 + 0.2::float8, 'NaN', '2026-03-29 02:30+01', '-1 mon 2 days', '\\x00ff5c', '{\"a\": [1]}', \
     'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.0/8', '{a,NULL,\"NULL\",\"b c\"}', 'a:1 b:2', '[1,5)', '<a/>', B'101', \
     '12.34', 'people')",
    "INSERT INTO parts SELECT date '2026-01-01' + n, (enum_range(NULL::mood))[1 + n % 3] FROM generate_series(1, 30) AS n",
    "DROP TYPE junk",
];

/// A database of these statements with a locale that every server has.
async fn portable(scene: &Scene, name: &str, statements: &[&str]) -> Result<Place> {
    let place = scene.place(name);
    let clauses = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'";
    scene.run(&maintenance(), &[&format!("CREATE DATABASE \"{place}\" {clauses}")]).await?;
    scene.run(&place, statements).await?;
    Ok(place)
}

/// The rows of a partitioned table, of which each database has others in each partition.
const PARTS: &str = "SELECT which, count(*), sum(extract(doy FROM at)) FROM parts GROUP BY 1 ORDER BY 1";

/// The rows of all other tables.
fn settled(rows: &[(String, Vec<String>)]) -> Vec<(String, Vec<String>)> {
    rows.iter().filter(|(table, _)| !table.starts_with("parts")).cloned().collect()
}

/// Moves a database from one server to the other and holds the two against each other.
async fn moved(from: &Scene, to: &Scene) -> Result<()> {
    let live = portable(from, "live", DATABASE).await?;
    let before = from.content(&live).await?;
    let loaded = to.load(&from.dump(&live).await?, "loaded").await?;
    let after = to.content(&loaded).await?;
    ensure!(settled(&before.rows) == settled(&after.rows), "{:?} and {:?}", before.rows, after.rows);
    ensure!(from.rows(&live, PARTS).await? == to.rows(&loaded, PARTS).await?, "partitions lost rows");
    // Versions print views in other words; whether they mean the same shows in what they answer.
    let differences = stead_schema::compare(&before.schema, &after.schema);
    let others: Vec<_> = differences.iter().filter(|other| !other.object.starts_with("view ")).collect();
    ensure!(others.is_empty(), "the schemas differ: {others:?}");
    let happy = "SELECT * FROM happy ORDER BY id";
    ensure!(from.rows(&live, happy).await? == to.rows(&loaded, happy).await?, "the view says something else");
    to.run(&loaded, &["INSERT INTO people (name) VALUES ('Cid')"]).await?;
    ensure!(to.rows(&loaded, "SELECT max(id) FROM people").await? == ["3"], "numbers begin again");
    Ok(())
}

#[test]
fn trap_p01_p04_rows_go_to_a_newer_server() -> Result<()> {
    play_both(|older, newer| Box::pin(moved(older, newer)))
}

#[test]
fn trap_p01_p04_rows_go_back_to_an_older_server() -> Result<()> {
    play_both(|older, newer| Box::pin(moved(newer, older)))
}

/// What the older server cannot have is named, and nothing is left.
#[test]
fn trap_p04_what_an_older_server_cannot_have_is_named() -> Result<()> {
    play_both(|older, newer| {
        Box::pin(async move {
            let table = "CREATE TABLE newfangled (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)";
            let live = portable(newer, "live", &[table, "INSERT INTO newfangled (a) VALUES (1)"]).await?;
            let target = older.place("loaded");
            let memory = newer.dump(&live).await?;
            let error = older.server.bulk().load(&target, memory as _, advance()).await.err();
            let error = error.context("PostgreSQL 15 has virtual columns")?;
            ensure!(error.message.contains("newfangled"), "not named: {error:?}");
            ensure!(error.class != ErrorClass::Bug, "{error:?}");
            ensure!(!older.server.exists(&target).await?, "a refused load leaves a database");
            Ok(())
        })
    })
}

traps! {
    trap_p24_configuration_tables
    streams_of_version_1_are_still_loaded
}

/// Where a server of the test command has its extensions; a server of the system's is left alone.
async fn extensions(scene: &Scene) -> Result<Option<PathBuf>> {
    let sql = "SELECT setting FROM pg_config WHERE name = 'SHAREDIR'";
    let folder = PathBuf::from(scene.rows(&maintenance(), sql).await?.remove(0)).join("extension");
    let ours = folder.components().any(|part| part.as_os_str() == "target") && folder.is_dir();
    if !ours {
        let key = format!("{}-extension", scene.which.key());
        stead_testkit::skip::skip(&key, &format!("an extension is not written into {}", folder.display()));
    }
    Ok(ours.then_some(folder))
}

/// Writes a file in one step: other runs have the same.
fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
    let written = folder.join(format!(".{name}.{}", std::process::id()));
    std::fs::write(&written, text)?;
    Ok(std::fs::rename(&written, folder.join(name))?)
}

const EXTENSION: &str = "
    CREATE TABLE trap_settings (name text PRIMARY KEY, value text, standard boolean NOT NULL DEFAULT false);
    INSERT INTO trap_settings VALUES ('colour', 'red', true), ('size', '1', true);
    CREATE TABLE trap_things (id integer PRIMARY KEY, name text);
    INSERT INTO trap_things VALUES (1, 'first'), (2, 'second');
    CREATE TABLE trap_a_parts (thing integer REFERENCES trap_things, name text);
    CREATE INDEX trap_theirs ON trap_a_parts (name);
    ALTER TABLE trap_a_parts ADD CONSTRAINT trap_their_check CHECK (name <> '') NOT VALID;
    CREATE POLICY trap_their_policy ON trap_a_parts USING (true);
    CREATE TABLE trap_private (id integer);
    INSERT INTO trap_private VALUES (1);
    CREATE SEQUENCE trap_numbers;
    SELECT pg_catalog.pg_extension_config_dump('trap_settings', 'WHERE NOT standard');
    SELECT pg_catalog.pg_extension_config_dump('trap_things', '');
    SELECT pg_catalog.pg_extension_config_dump('trap_a_parts', '');
    SELECT pg_catalog.pg_extension_config_dump('trap_numbers', '');
";

/// The dump with one text for another in its facts.
fn altered(memory: &Memory, from: &str, to: &str) -> Result<Arc<Memory>> {
    let mut streams = memory.streams();
    let facts = String::from_utf8(streams.remove("facts").context("no facts")?)?;
    ensure!(facts.contains(from), "nothing to alter in {facts}");
    streams.insert("facts".to_owned(), facts.replace(from, to).into_bytes());
    let other = Memory::of(streams);
    other.remember(memory.schema().context("the dump has a schema")?.clone());
    Ok(Arc::new(other))
}

mod cases {
    use super::*;

    pub(super) async fn trap_p24_configuration_tables(scene: &Scene) -> Result<()> {
        let Some(folder) = extensions(scene).await? else { return Ok(()) };
        put(&folder, "stead_trap.control", "default_version = '1.1'\nrelocatable = false\nschema = public\n")?;
        put(&folder, "stead_trap--1.0.sql", EXTENSION)?;
        put(&folder, "stead_trap--1.1.sql", &format!("{EXTENSION}\nCREATE TABLE trap_later (id integer);"))?;
        let statements = [
            "CREATE EXTENSION stead_trap VERSION '1.0'",
            "INSERT INTO trap_settings VALUES ('mine', 'x', false)",
            "DELETE FROM trap_things WHERE id = 1",
            "UPDATE trap_things SET name = 'renamed' WHERE id = 2",
            "INSERT INTO trap_things VALUES (7, 'seventh')",
            "INSERT INTO trap_a_parts VALUES (7, 'wheel')",
            "SELECT nextval('trap_numbers'), nextval('trap_numbers')",
            "CREATE TABLE of_things (thing integer REFERENCES trap_things ON DELETE CASCADE, b integer)",
            "INSERT INTO of_things VALUES (7, 1)",
            "CREATE TABLE more_things (extra text DEFAULT 'x') INHERITS (trap_things)",
            "INSERT INTO more_things VALUES (8, 'eighth')",
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER touched BEFORE INSERT ON trap_things FOR EACH ROW EXECUTE FUNCTION touch()",
            "CREATE UNIQUE INDEX trap_mine ON trap_things (lower(name))",
            "ALTER TABLE trap_things ADD CONSTRAINT trap_my_check CHECK (name <> 'it''s') NOT VALID",
            "CREATE POLICY trap_my_policy ON trap_things USING (name <> 'x')",
            "ALTER TABLE trap_things ENABLE ROW LEVEL SECURITY",
            "COMMENT ON INDEX trap_mine IS 'mine'",
            "CREATE TYPE trap_mood AS ENUM ('low', 'high')",
            "CREATE FUNCTION trap_usual() RETURNS trap_mood LANGUAGE sql RETURN 'low'::trap_mood",
            "ALTER TABLE trap_things ADD COLUMN trap_mood trap_mood NOT NULL DEFAULT trap_usual()",
            "UPDATE trap_things SET trap_mood = 'high' WHERE id = 7",
            "ALTER TABLE trap_things ALTER COLUMN name SET DEFAULT 'none'",
        ];
        let live = scene.database("live", &statements).await?;
        let memory = scene.dump(&live).await?;
        let streams: Vec<String> = memory.streams().into_keys().collect();
        ensure!(!streams.iter().any(|name| name.contains("trap_private")), "rows of the extension's own: {streams:?}");
        let loaded = scene.load(&memory, "loaded").await?;
        same(&scene.content(&live).await?, &scene.content(&loaded).await?)?;
        parts_of_people(scene, &live, &loaded).await?;
        for (what, sql) in [
            (
                "a key",
                "SELECT count(*) FROM pg_constraint WHERE confrelid = 'trap_things'::regclass AND conrelid = 'of_things'::regclass",
            ),
            ("a parent", "SELECT count(*) FROM pg_inherits WHERE inhparent = 'trap_things'::regclass"),
            ("a trigger", "SELECT count(*) FROM pg_trigger WHERE tgname = 'touched'"),
        ] {
            ensure!(scene.rows(&loaded, sql).await? == ["1"], "{what} is lost that leads to an extension's table");
        }
        let closed =
            "ALTER TABLE trap_things ADD CONSTRAINT led_astray FOREIGN KEY (id) REFERENCES own_things (id) NOT VALID";
        scene.run(&live, &["CREATE TABLE own_things (id integer PRIMARY KEY)", closed]).await?;
        let error = scene.content(&live).await.err().context("a key of an extension's table is not carried")?;
        ensure!(format!("{error:#}").contains("led_astray"), "{error:#}");
        let state = "SELECT extversion, (SELECT last_value FROM trap_numbers), (SELECT count(*) FROM trap_settings)
                     FROM pg_extension WHERE extname = 'stead_trap'";
        ensure!(scene.rows(&loaded, state).await? == ["1.0|2|3"], "{:?}", scene.rows(&loaded, state).await?);
        for (from, to, named) in [
            ("\"1.0\"", "\"0.9\"", vec!["`stead_trap` 0.9", "1.0, 1.1"]),
            ("\"stead_trap\"", "\"stead_absent\"", vec!["`stead_absent` 1.0"]),
        ] {
            let target = scene.place("refused");
            let other = altered(&memory, from, to)?;
            let error = scene.server.bulk().load(&target, other as _, advance()).await.err();
            let error = error.with_context(|| format!("{to} is loaded"))?;
            ensure!(error.class == ErrorClass::Unsupported, "{error:?}");
            ensure!(named.iter().all(|word| error.message.contains(word)), "not named: {error:?}");
            ensure!(!scene.server.exists(&target).await?, "a refused load leaves a database");
        }
        Ok(())
    }

    /// What people put on an extension's table comes back, what the extension put there is left to it, and where the server cannot
    /// tell the two apart any more, both are there once.
    async fn parts_of_people(scene: &Scene, live: &Place, loaded: &Place) -> Result<()> {
        let of_extension = |content: &crate::scene::Content| -> Vec<String> {
            let objects = content.schema.objects.iter().filter(|object| object.kind == stead_schema::OF_EXTENSION);
            objects.map(|object| object.name.name.clone()).collect()
        };
        let mine = [
            "comment: INDEX \"public\".\"trap_mine\"",
            "trap_things: column name",
            "trap_things: column trap_mood",
            "trap_things: constraint trap_my_check",
            "trap_things: constraint trap_things_trap_mood_not_null",
            "trap_things: default name",
            "trap_things: default trap_mood",
            "trap_things: index trap_mine",
            "trap_things: policy trap_my_policy",
            "trap_things: row security ENABLE",
        ];
        let parts = "SELECT pg_describe_object(classid, objid, 0), obj_description(objid, 'pg_class') FROM pg_depend
                     WHERE refobjid IN ('trap_things'::regclass, 'trap_a_parts'::regclass)
                       AND classid <> 'pg_trigger'::regclass AND pg_describe_object(classid, objid, 0) !~ '^toast' ORDER BY 1";
        let wanted = scene.rows(live, parts).await?;
        for place in [live, loaded] {
            let found = of_extension(&scene.content(place).await?);
            ensure!(found == mine, "{found:?}");
            let found = scene.rows(place, parts).await?;
            ensure!(found == wanted, "{found:?} instead of {wanted:?}");
        }
        // After an upgrade of the server the extension's part in it has another age.
        scene.run(loaded, &["UPDATE pg_depend SET deptype = deptype WHERE deptype = 'e'"]).await?;
        let found = of_extension(&scene.content(loaded).await?);
        ensure!(found.len() > mine.len() && found.iter().any(|name| name.ends_with("trap_theirs")), "{found:?}");
        let again = scene.load(&scene.dump(loaded).await?, "again").await?;
        ensure!(scene.rows(&again, parts).await? == wanted, "{:?}", scene.rows(&again, parts).await?);
        Ok(())
    }

    /// What version 1 of the format looks like is kept as files, which every later program has to load. They are written anew
    /// by `STEAD_WRITE_FIXTURES=1`, on PostgreSQL 15.
    pub(super) async fn streams_of_version_1_are_still_loaded(scene: &Scene) -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/streams-1");
        if std::env::var_os("STEAD_WRITE_FIXTURES").is_some() && scene.which == TestServer::Postgres15 {
            let live = portable(scene, "live", DATABASE).await?;
            scene.dump(&live).await?.write(&folder)?;
        }
        let loaded = scene.load(&Arc::new(Memory::read(&folder)?), "loaded").await?;
        let fresh = portable(scene, "fresh", DATABASE).await?;
        let (expected, found) = (scene.content(&fresh).await?, scene.content(&loaded).await?);
        ensure!(settled(&expected.rows) == settled(&found.rows), "{:?} and {:?}", expected.rows, found.rows);
        ensure!(scene.rows(&fresh, PARTS).await? == scene.rows(&loaded, PARTS).await?, "partitions lost rows");
        let differences = stead_schema::compare(&expected.schema, &found.schema);
        ensure!(differences.is_empty(), "the schemas differ: {differences:?}");
        scene.run(&loaded, &["INSERT INTO people (name) VALUES ('Cid')"]).await?;
        ensure!(scene.rows(&loaded, "SELECT max(id) FROM people").await? == ["3"], "numbers begin again");
        Ok(())
    }
}
