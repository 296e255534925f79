//! Whole schemas, two of them with their rows: what makes objects becomes a revision, what inserts rows becomes the seed.

use stead_schema::EngineKind;

use crate::life::{History, Life, Search, Step};
use crate::{corpus, plain, read};

/// A script in two: its objects and its rows. `DROP … IF EXISTS`, `SELECT` and the switch for foreign keys fall away.
fn parted(script: &str) -> (String, String) {
    let (mut objects, mut rows) = (String::new(), String::new());
    for statement in
        stead_sql::split(script, EngineKind::Sqlite).expect("the corpus and the files made from it are sound")
    {
        let text = statement.text.trim();
        let word = text.split_whitespace().next().unwrap_or_default().to_uppercase();
        let part = match word.as_str() {
            "CREATE" => &mut objects,
            "INSERT" | "UPDATE" => &mut rows,
            "DROP" | "SELECT" | "PRAGMA" => continue,
            other => panic!("the script says `{other}`, which is neither an object nor a row"),
        };
        part.push_str(text);
        part.push_str(";\n");
    }
    (objects, rows)
}

/// The project with the twin made by plain SQLite from the file as it is. Rows may come before those they refer to, as
/// where the file switches foreign keys off; in the seed they are checked at the end of the file.
fn begin(name: &'static str, search: Option<Search>) -> Option<(Life, bool)> {
    let script = read(&corpus(&format!("schemas/sqlite/{name}.sql"))?);
    let (objects, rows) = parted(&script);
    let step = Step { title: format!("the schema of {name}"), up: objects, down: None };
    let life = Life::begin(vec![History { name, steps: vec![step] }], search);
    std::fs::remove_file(life.plain(name)).expect("the corpus and the files made from it are sound");
    plain::run(&life.plain(name), &script).unwrap_or_else(|error| panic!("{name}: {error}"));
    if !rows.is_empty() {
        life.fixture.write("seed/rows.sql", format!("PRAGMA defer_foreign_keys = on;\n{rows}"));
        life.configure("[seed]\nsteps = [{ sql = \"seed/rows.sql\" }]\n");
    }
    Some((life, !rows.is_empty()))
}

/// With rows of its own: they come through the seed and are what is dumped, loaded and searched.
fn live_seeded(life: &Life, name: &str) {
    life.fixture.run(["init"]).exits(0).says("seed step 1");
    life.equals_plain("after init");
    life.fixture.run(["init"]).exits(0);
    life.snapshots();
    life.equals_plain("after loads");
    life.fixture.run(["init", "--clean"]).exits(0);
    life.equals_plain("after init --clean");
    life.fixture.run(["load", "_init"]).exits(0);
    life.equals_plain("after loading what the seed left");
    life.down_and_up("with rows before");
    life.fixture.run(["seed"]).exits(0);
    std::fs::remove_file(life.plain(name)).expect("the corpus and the files made from it are sound");
    let script = read(&corpus(&format!("schemas/sqlite/{name}.sql")).expect("it was there a moment ago"));
    plain::run(&life.plain(name), &script).expect("the corpus and the files made from it are sound");
    life.equals_plain("after seed");
}

#[test]
fn chinook() {
    let search = Search {
        database: "chinook",
        documents: "SELECT t.TrackId, t.Name, t.Composer, a.Title AS album FROM Track t JOIN Album a USING (AlbumId) ORDER BY 1",
        words: "highway",
    };
    let Some((life, seeded)) = begin("chinook", Some(search)) else { return };
    assert!(seeded);
    live_seeded(&life, "chinook");
}

#[test]
fn northwind() {
    let search = Search {
        database: "northwind",
        documents: "SELECT p.ProductID, p.ProductName, c.Description FROM Products p JOIN Categories c USING (CategoryID) ORDER BY 1",
        words: "cheeses",
    };
    let Some((life, seeded)) = begin("northwind", Some(search)) else { return };
    assert!(seeded);
    live_seeded(&life, "northwind");
}

/// Sakila has no rows here but triggers that write the time; it is lived with made-up rows.
#[test]
fn sakila() {
    let search = Search {
        database: "sakila",
        documents: "SELECT film_id, title, description FROM film ORDER BY 1",
        words: "title",
    };
    let Some((life, seeded)) = begin("sakila", Some(search)) else { return };
    assert!(!seeded);
    life.live(false);
}
