//! Eyes for databases on a server, and for what a killed command leaves there. The kill ends the client alone: its sessions
//! may live on for a moment and finish the statement they are in, which is the server's right and nobody's defect.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use stead_testkit::fixture::{Fixture, Home};

use crate::copies;
use crate::look::{ABSENT, Things, View, short};

/// What a database looks like that has no table. MySQL and MariaDB rename tables, so that a new database is empty for a
/// moment before it is the new one.
pub(crate) const EMPTY: &str = "empty";

/// How long the sessions of a client that is gone may stay.
const PATIENCE: Duration = Duration::from_secs(30);

/// What tells one schema from another on a server of PostgreSQL; rows are looked at apart.
const POSTGRES: &str = "
    SELECT 'relation', relname::text, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
        || COALESCE(' ' || pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'view', viewname::text, definition FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'function', proname::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3";

/// The same on MySQL and MariaDB, for what moves with its table.
const MYSQL: &str = "
    SELECT c.TABLE_NAME, c.COLUMN_NAME, CONCAT_WS(' ', c.COLUMN_TYPE, c.IS_NULLABLE, c.COLUMN_DEFAULT, c.EXTRA)
    FROM information_schema.COLUMNS AS c JOIN information_schema.TABLES AS t USING (TABLE_SCHEMA, TABLE_NAME)
    WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND t.TABLE_NAME <> 'stead_journal'
    UNION ALL SELECT TABLE_NAME, INDEX_NAME, CONCAT(SEQ_IN_INDEX, COLUMN_NAME) FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'stead_journal'
    UNION ALL SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE FROM information_schema.TABLE_CONSTRAINTS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'stead_journal' ORDER BY 1, 2, 3";

/// And for what the command has to bring along.
const PROGRAMS: &str = "
    SELECT 'view', TABLE_NAME, DEFINER, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
    UNION ALL SELECT CONCAT(ACTION_TIMING, EVENT_MANIPULATION), TRIGGER_NAME, DEFINER, ACTION_STATEMENT
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
    UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER, ROUTINE_DEFINITION FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = DATABASE()
    UNION ALL SELECT STATUS, EVENT_NAME, DEFINER, EVENT_DEFINITION FROM information_schema.EVENTS
    WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1, 2";

/// A revision's statements, up and down, for what does not move by itself: views, triggers, routines, an event. The trigger
/// changes rows, so that one that fires during a load would be seen.
pub(crate) fn programs(home: Home) -> Option<(&'static str, &'static str)> {
    match home {
        Home::Files => None,
        Home::On(_) if home.is_mysql() => Some((
            "CREATE VIEW dear AS SELECT id, name FROM items WHERE price > 100;
CREATE VIEW dearest AS SELECT id FROM dear WHERE id > 500;
CREATE TRIGGER dearer BEFORE INSERT ON items FOR EACH ROW SET NEW.price = NEW.price + 0.5;
CREATE FUNCTION doubled (n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
CREATE PROCEDURE raise_prices () UPDATE items SET price = price + 1;
CREATE EVENT yearly ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO UPDATE items SET price = price * 2;
",
            "DROP EVENT yearly;
DROP PROCEDURE raise_prices;
DROP FUNCTION doubled;
DROP TRIGGER dearer;
DROP VIEW dearest;
DROP VIEW dear;
",
        )),
        Home::On(_) => Some((
            "CREATE VIEW dear AS SELECT id, name FROM items WHERE price > 100;
CREATE VIEW dearest AS SELECT id FROM dear WHERE id > 500;
CREATE FUNCTION make_dearer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.price := NEW.price + 0.5;
    RETURN NEW;
END
$$;
CREATE TRIGGER dearer BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION make_dearer();
",
            "DROP TRIGGER dearer ON items;
DROP FUNCTION make_dearer();
DROP VIEW dearest;
DROP VIEW dear;
",
        )),
    }
}

/// The databases of a view, as things: rows with the schema, and on MySQL and MariaDB what was brought along by itself.
pub(crate) fn look(fixture: &Fixture, view: &View) -> Things {
    let content = fixture.content();
    let mut things = Things::new();
    for name in view.databases {
        let there = fixture.has_database(name);
        let rows: Vec<_> = content.iter().filter(|(table, _)| table.starts_with(&format!("{name}."))).collect();
        let looked = if there { database(fixture, name, &rows) } else { ABSENT.to_owned() };
        things.insert(format!("database {name}"), looked);
        if fixture.home().is_mysql() {
            let programs = if there { fixture.rows(name, PROGRAMS) } else { Vec::new() };
            things.insert(format!("programs {name}"), format!("{programs:?}"));
        }
    }
    things
}

fn database(fixture: &Fixture, name: &str, rows: &[(&String, &String)]) -> String {
    let schema = fixture.rows(name, if fixture.home().is_mysql() { MYSQL } else { POSTGRES });
    if schema.is_empty() {
        return EMPTY.to_owned();
    }
    let query = "SELECT app, revision, state FROM stead_ledger ORDER BY app, revision";
    let applied = if fixture.has(name, "stead_ledger") { fixture.rows(name, query) } else { Vec::new() };
    short(&format!("{schema:?} {applied:?} {rows:?}"), rows.len())
}

/// Waits until the server has noticed that the sessions of a killed command are gone.
pub(crate) fn settle(fixture: &Fixture) {
    let began = Instant::now();
    while let Some(session) = fixture.sessions().first() {
        assert!(began.elapsed() < PATIENCE, "a session outlives its client: {session:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Databases that neither the project nor an undo point accounts for, and kept ones that are missing.
pub(crate) fn unexplained(fixture: &Fixture, kept: BTreeSet<String>) -> Vec<String> {
    settle(fixture);
    let live = ["main", "stats"].map(|name| format!("{}{name}", fixture.prefix()));
    let names: BTreeSet<String> = databases(fixture).into_iter().filter(|name| !copies::is_one(name)).collect();
    let strays = names.iter().filter(|name| !live.contains(name) && !kept.contains(*name));
    let strays = strays.map(|name| format!("the database {name}"));
    let missing = kept.difference(&names).map(|name| format!("the database {name} is missing"));
    strays.chain(missing).collect()
}

/// Databases with the fixture's name in theirs, and on PostgreSQL all that belong to its logins; but for scratch databases,
/// which a later run removes when they are so old that surely nobody works in them.
fn databases(fixture: &Fixture) -> Vec<String> {
    let mut names = fixture.server_databases();
    if !fixture.home().is_mysql() {
        let owners: Vec<String> = fixture.logins().iter().map(|login| format!("'{}'", login.name)).collect();
        let query = format!("SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) IN ({})", owners.join(", "));
        let owned = fixture.ask(None, &query).into_iter().flatten();
        names.extend(owned.filter(|name| !name.starts_with("stead_scratch_")));
    }
    names
}

/// Holders of locks that did not take their names away; a command that ends well leaves none.
pub(crate) fn written_locks(fixture: &Fixture) -> Vec<String> {
    if fixture.home() == Home::Files {
        return Vec::new();
    }
    let prefix = fixture.prefix();
    let (there, query) = if fixture.home().is_mysql() {
        (
            "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'stead_locks' AND TABLE_NAME = 'holders'",
            format!("SELECT place, holder FROM stead_locks.holders WHERE LEFT(place, {}) = '{prefix}'", prefix.len()),
        )
    } else {
        (
            "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'stead_lock'",
            format!("SELECT name, holder FROM public.stead_lock WHERE starts_with(name, '{prefix}')"),
        )
    };
    if fixture.ask(None, there).is_empty() {
        return Vec::new();
    }
    fixture.ask(None, &query).into_iter().map(|row| format!("the lock {}", row.join(" "))).collect()
}
