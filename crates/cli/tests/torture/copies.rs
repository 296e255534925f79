//! The databases of a project on its server, put aside and brought back by means of the server alone: what a test starts from
//! must not hang on the program it tests. PostgreSQL copies databases; on MySQL and MariaDB the statements that the server
//! prints make everything again, and rows come from tables put aside.

use stead_testkit::fixture::{Fixture, Home};

/// What the names of databases put aside begin with.
const ASIDE: &str = "aside_";

/// Whether a database is one that was put aside.
pub(crate) fn is_one(name: &str) -> bool {
    name.starts_with(ASIDE)
}

/// Every database of a project at one moment.
pub(crate) struct Copies(Vec<Copy>);

struct Copy {
    name: String,
    /// Where its rows are.
    aside: String,
    /// How it is made.
    create: String,
    /// What makes its tables and fills them, then each of the other objects; none on PostgreSQL, where the copy is everything.
    fill: Vec<String>,
}

impl Copies {
    /// Puts all databases of the project aside.
    pub(crate) fn take(fixture: &Fixture) -> Self {
        let names = fixture.server_databases().into_iter().filter(|name| !is_one(name));
        let copies = names.enumerate().map(|(number, name)| {
            let aside = format!("{ASIDE}{}{number}", fixture.prefix());
            match fixture.home().is_mysql() {
                true => mysql(fixture, name, aside),
                false => postgres(fixture, name, aside),
            }
        });
        Self(copies.collect())
    }

    /// Makes the databases what they were, and removes all others of the project.
    pub(crate) fn bring_back(&self, fixture: &Fixture) {
        if fixture.home() == Home::Files {
            return;
        }
        for name in fixture.server_databases().iter().filter(|name| !is_one(name)) {
            remove(fixture, name);
        }
        for copy in &self.0 {
            fixture.ask(None, &copy.create);
            for statements in &copy.fill {
                fixture.ask(Some(&copy.name), statements);
            }
        }
    }

    /// Removes what was put aside.
    pub(crate) fn remove(&self, fixture: &Fixture) {
        self.0.iter().for_each(|copy| remove(fixture, &copy.aside));
    }
}

fn remove(fixture: &Fixture, name: &str) {
    match fixture.home().is_mysql() {
        true => fixture.ask(None, &format!("DROP DATABASE IF EXISTS `{name}`")),
        false => fixture.ask(None, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")),
    };
}

fn postgres(fixture: &Fixture, name: String, aside: String) -> Copy {
    let query = format!("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{name}'");
    let owner = fixture.ask(None, &query)[0][0].clone();
    fixture.ask(None, &format!("CREATE DATABASE \"{aside}\" TEMPLATE \"{name}\""));
    let create = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{aside}\" OWNER \"{owner}\"");
    Copy { name, aside, create, fill: Vec::new() }
}

fn mysql(fixture: &Fixture, name: String, aside: String) -> Copy {
    let ask = |sql: String| fixture.ask(Some(&name), &sql);
    let create = ask(format!("SHOW CREATE DATABASE `{name}`"))[0][1].clone();
    fixture.ask(None, &format!("CREATE DATABASE `{aside}`"));
    let mut fill = vec!["SET foreign_key_checks = 0, unique_checks = 0".to_owned()];
    let tables = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
                  AND TABLE_TYPE = 'BASE TABLE'";
    for table in ask(tables.to_owned()).into_iter().flatten() {
        ask(format!("CREATE TABLE `{aside}`.`{table}` AS SELECT * FROM `{table}`"));
        fill.push(ask(format!("SHOW CREATE TABLE `{table}`"))[0][1].clone());
        fill.push(format!("INSERT INTO `{table}` SELECT * FROM `{aside}`.`{table}`"));
    }
    // A statement that another one follows would keep the semicolon in its body.
    let fill = [fill.join(";\n")].into_iter().chain(programs(fixture, &name)).collect();
    Copy { name, aside, create, fill }
}

/// The statements that make views, triggers, routines and events, in an order in which each finds what it needs.
fn programs(fixture: &Fixture, name: &str) -> Vec<String> {
    let list = "
        SELECT 'TRIGGER', TRIGGER_NAME, 1 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
        UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, 2 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
        UNION ALL SELECT 'EVENT', EVENT_NAME, 3 FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()
        UNION ALL SELECT 'VIEW', TABLE_NAME, 4 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
        ORDER BY 3, 2";
    fixture.ask(Some(name), list).into_iter().map(|row| program(fixture, name, &row[0], &row[1])).collect()
}

/// One statement with the settings it was made under before it.
fn program(fixture: &Fixture, name: &str, sort: &str, object: &str) -> String {
    let shown = fixture.ask(Some(name), &format!("SHOW CREATE {sort} `{object}`"));
    let row = shown.first().expect("an object that was just listed");
    let (mode, zone, statement, collation) = match sort {
        "VIEW" => (None, None, &row[1], &row[3]),
        "EVENT" => (Some(&row[1]), Some(&row[2]), &row[3], &row[5]),
        _ => (Some(&row[1]), None, &row[2], &row[4]),
    };
    let settings = [("sql_mode", mode), ("time_zone", zone), ("collation_connection", Some(collation))];
    let settings = settings.into_iter().filter_map(|(word, value)| value.map(|value| format!("{word} = '{value}'")));
    format!("SET {};\n{statement}", settings.collect::<Vec<_>>().join(", "))
}
