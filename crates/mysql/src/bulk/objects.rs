//! What belongs to a database and does not move when its tables are renamed: triggers, views, routines and events. They are
//! kept as the statements the server prints, each with the settings it was made under, and made again from them.

use serde::{Deserialize, Serialize};
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use super::past;
use crate::admin::{literal, same_database};
use crate::connect::{Connection, quoted};
use crate::error::number;
use crate::events;
use crate::inspect::home;
use crate::inspect::statement::Printed;

/// `ER_NO_SUCH_USER`: the definer has gone.
const NO_SUCH_USER: u16 = 1449;

/// What sort of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sort {
    Trigger,
    View,
    Function,
    Procedure,
    Package,
    Body,
    Event,
}

impl Sort {
    /// The word for it in SQL.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Trigger => "TRIGGER",
            Self::View => "VIEW",
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::Package => "PACKAGE",
            Self::Body => "PACKAGE BODY",
            Self::Event => "EVENT",
        }
    }

    /// True for what people call and grant the right to call.
    pub(super) fn is_program(self) -> bool {
        matches!(self, Self::Function | Self::Procedure | Self::Package | Self::Body)
    }

    /// The rights that making and dropping it needs.
    pub(super) fn rights(self) -> &'static [&'static str] {
        match self {
            Self::Trigger => &["TRIGGER"],
            Self::View => &["CREATE VIEW", "SHOW VIEW"],
            Self::Function | Self::Procedure | Self::Package | Self::Body => &["CREATE ROUTINE", "ALTER ROUTINE"],
            Self::Event => &["EVENT"],
        }
    }

    /// The column of `SHOW CREATE` that has the statement.
    fn statement_column(self) -> &'static str {
        match self {
            Self::Trigger => "SQL Original Statement",
            Self::View => "Create View",
            Self::Function => "Create Function",
            Self::Procedure => "Create Procedure",
            Self::Package => "Create Package",
            Self::Body => "Create Package Body",
            Self::Event => "Create Event",
        }
    }
}

/// An object that can be made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) sort: Sort,
    pub(super) name: String,
    /// The statement that makes it, as its owner wants it to be and without the name of its database.
    pub(super) statement: String,
    /// The settings of the session that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sql_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) collation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) time_zone: Option<String>,
    /// The collation that its database had then: parameters and variables without one of their own have it for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) database_collation: Option<String>,
}

impl Made {
    /// The statements that make it: the settings it was made under, and the object itself. A view takes the place of one of its
    /// name, so that it is there all the time.
    pub(super) fn statements(&self) -> [String; 2] {
        let mut settings =
            vec![format!("SESSION sql_mode = {}", literal(self.sql_mode.as_deref().unwrap_or_default()))];
        let word = |text: &&String| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // The statement is sent in UTF-8, whatever the client that first made the object spoke.
        settings.extend(self.collation.as_ref().filter(word).map(|name| format!("collation_connection = {name}")));
        settings.extend(self.time_zone.as_ref().map(|zone| format!("time_zone = {}", literal(zone))));
        let view = self.statement.strip_prefix("CREATE ").filter(|_| self.sort == Sort::View);
        let made = view.map_or_else(|| self.statement.clone(), |view| format!("CREATE OR REPLACE {view}"));
        [format!("SET {}", settings.join(", ")), made]
    }

    /// True where the server puts it in the place of one of its name, with the rights that people have to that.
    fn replaces(&self, engine: EngineKind) -> bool {
        engine == EngineKind::Mariadb && self.sort.is_program() && self.statement.starts_with("CREATE ")
    }

    /// The same, and if it is an event, one that rests as those of a replica do: it keeps what it is and does not fire.
    pub(super) fn resting(&self) -> Self {
        match self.sort {
            Sort::Event => {
                let mode = self.sql_mode.as_deref().unwrap_or_default();
                Self { statement: events::resting(&self.statement, &self.name, mode), ..self.clone() }
            }
            _ => self.clone(),
        }
    }
}

/// Reads the objects of a database that is to become live: triggers in the order in which they fire, the rest by name. Views that
/// do not work any more are refused by name, since no server makes them again.
pub(super) async fn read(connection: &mut Connection, database: &str) -> Result<Vec<Made>, EngineError> {
    let (objects, broken) = told_apart(connection, database).await?;
    let Some((_, error)) = broken.first() else { return Ok(objects) };
    let message = match broken.len() {
        1 => error.message.clone(),
        number => format!("{number} views do not work; {}", error.message),
    };
    let names: Vec<String> = broken.iter().map(|(name, _)| format!("{}.{}", quoted(database), quoted(name))).collect();
    Err(EngineError::new(ErrorClass::Refused, message)
        .hint("the server does not make such a view again, so it would be lost with what is replaced: mend it, or drop it:")
        .hint(format!("DROP VIEW {}", names.join(", "))))
}

/// Reads the objects of a database and lists its views that do not work, with the reasons.
pub(super) async fn told_apart(
    connection: &mut Connection,
    database: &str,
) -> Result<(Vec<Made>, Vec<(String, EngineError)>), EngineError> {
    connection.enter(database).await?;
    let (mut objects, mut broken) = (Vec::new(), Vec::new());
    for (sort, name) in list(connection, database).await? {
        match sort {
            Sort::View => match works(connection, database, &name).await {
                Err(error) if error.class == ErrorClass::Interrupted => return Err(error),
                Err(error) => broken.push((name, error)),
                Ok(()) => objects.push(made(connection, database, sort, &name).await?),
            },
            _ => objects.push(made(connection, database, sort, &name).await?),
        }
    }
    Ok((objects, broken))
}

/// The statement that made a view, as the server prints it.
pub(super) async fn printed(connection: &mut Connection, database: &str, view: &str) -> Result<String, EngineError> {
    Ok(made(connection, database, Sort::View, view).await?.statement)
}

/// Names of the objects, in one query.
pub(super) async fn list(connection: &mut Connection, database: &str) -> Result<Vec<(Sort, String)>, EngineError> {
    let name = literal(database);
    let sql = format!(
        "SELECT 'TRIGGER' AS sort, TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS place, \
           CONCAT(ACTION_TIMING, EVENT_MANIPULATION, LPAD(ACTION_ORDER, 9, '0')) AS turn \
           FROM information_schema.TRIGGERS WHERE {} \
         UNION ALL SELECT 'VIEW', TABLE_NAME, '', '' FROM information_schema.VIEWS WHERE {} \
         UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, '', '' FROM information_schema.ROUTINES \
           WHERE {} \
         UNION ALL SELECT 'EVENT', EVENT_NAME, '', '' FROM information_schema.EVENTS WHERE {}",
        same_database("TRIGGER_SCHEMA", &name),
        same_database("TABLE_SCHEMA", &name),
        same_database("ROUTINE_SCHEMA", &name),
        same_database("EVENT_SCHEMA", &name)
    );
    let mut rows = connection.texts(&sql).await?;
    rows.sort_by(|left, right| {
        (&left[0], &left[2], &left[3], &left[1]).cmp(&(&right[0], &right[2], &right[3], &right[1]))
    });
    let sorts = [Sort::Trigger, Sort::View, Sort::Function, Sort::Procedure, Sort::Package, Sort::Body, Sort::Event];
    rows.into_iter()
        .map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let (word, name) = (row.next().unwrap_or_default(), row.next().unwrap_or_default());
            let sort = sorts.into_iter().find(|sort| sort.word() == word);
            sort.map(|sort| (sort, name.clone())).ok_or_else(|| {
                let message = format!("the {} `{name}` of `{database}` cannot be moved", word.to_lowercase());
                EngineError::new(ErrorClass::Unsupported, message).hint("drop it before, and make it again afterwards")
            })
        })
        .collect()
}

/// Refuses a view that cannot be made again. One whose definer has gone cannot be read and yet can be made: the server looks
/// at what it selects, as it is then asked to do here.
async fn works(connection: &mut Connection, database: &str, view: &str) -> Result<(), EngineError> {
    let mut looked = connection.texts(&format!("SELECT 1 FROM {}.{} LIMIT 0", quoted(database), quoted(view))).await;
    if looked.as_ref().is_err_and(|error| number(error) == Some(NO_SUCH_USER)) {
        let sql = format!(
            "SELECT VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
            literal(database),
            literal(view)
        );
        let rows = connection.texts(&sql).await?;
        if let Some(definition) = rows.into_iter().flatten().next().flatten().filter(|text| !text.is_empty()) {
            looked = connection.texts(&format!("SELECT 1 FROM ({definition}\n) AS looked LIMIT 0")).await;
        }
    }
    looked.map(|_rows| ()).map_err(|error| {
        let class = if error.class == ErrorClass::Interrupted { error.class } else { ErrorClass::Refused };
        EngineError::new(class, format!("the view `{view}` of `{database}` does not work: {error}"))
    })
}

async fn made(connection: &mut Connection, database: &str, sort: Sort, name: &str) -> Result<Made, EngineError> {
    let sql = format!("SHOW CREATE {} {}.{}", sort.word(), quoted(database), quoted(name));
    let rows = connection.raw(&sql).await?;
    let Some(row) = rows.into_iter().next() else {
        return Err(super::conflict(format!("the {} `{name}` has gone meanwhile", sort.word().to_lowercase())));
    };
    let get = |column: &str| row.get_opt::<Option<String>, _>(column).and_then(Result::ok).flatten();
    let bytes = row.get_opt::<Option<Vec<u8>>, _>(sort.statement_column()).and_then(Result::ok).flatten();
    let Some(bytes) = bytes else {
        let message = format!("the body of the {} `{name}` may not be read", sort.word().to_lowercase());
        return Err(EngineError::new(ErrorClass::Refused, message)
            .hint("its definer may, and users with the right SELECT on all tables or SHOW_ROUTINE"));
    };
    let (kind, client) = (sort.word().to_lowercase(), get("character_set_client").unwrap_or_default());
    let (sql_mode, engine) = (get("sql_mode").unwrap_or_default(), connection.kind());
    // As its owner made it, and with no name of the database that it is in.
    let statement = Printed { kind: &kind, name, client: &client, sql_mode: &sql_mode, engine }.statement(bytes)?;
    let statement = match sort {
        Sort::View => home::view(&statement, database, engine),
        Sort::Trigger => home::trigger(&statement, engine),
        _ => statement,
    };
    Ok(Made {
        sort,
        name: name.to_owned(),
        statement,
        sql_mode: get("sql_mode"),
        collation: get("collation_connection"),
        time_zone: get("time_zone"),
        database_collation: get("Database Collation"),
    })
}

/// Drops an object; absent is fine.
pub(super) async fn drop_one(
    connection: &mut Connection,
    database: &str,
    sort: Sort,
    name: &str,
) -> Result<(), EngineError> {
    let sql = format!("DROP {} IF EXISTS {}.{}", sort.word(), quoted(database), quoted(name));
    connection.own(&sql).await.map(|_outcome| ())
}

/// Makes objects in a database, each under the settings it was made under. Views wait for the views they need. Triggers that
/// are there stay: a table must not be without one for a moment.
pub(super) async fn make(connection: &mut Connection, database: &str, objects: &[&Made]) -> Result<(), EngineError> {
    let collation = collation(connection, database).await?;
    all(&Home { database, collation: Some(collation) }, connection, objects).await
}

/// The same in a session that has locked tables, which cannot change the database.
pub(super) async fn make_under_lock(
    connection: &mut Connection,
    database: &str,
    objects: &[&Made],
) -> Result<(), EngineError> {
    all(&Home { database, collation: None }, connection, objects).await
}

/// The database that objects are made in.
struct Home<'a> {
    database: &'a str,
    /// Its collation, where that can be changed for a moment.
    collation: Option<String>,
}

async fn all(home: &Home<'_>, connection: &mut Connection, objects: &[&Made]) -> Result<(), EngineError> {
    connection.enter(home.database).await?;
    let there = list(connection, home.database).await?;
    let stays = |made: &&Made| made.sort == Sort::Trigger && there.contains(&(made.sort, made.name.clone()));
    // A body may name what is not there yet; only a view must find what it names. Events fire from the moment they are made.
    let mut waiting: Vec<&Made> = objects.iter().filter(|made| !stays(made)).copied().collect();
    waiting.sort_by_key(|made| (made.sort == Sort::Event, made.sort == Sort::View));
    let mut made = Ok(());
    while !waiting.is_empty() {
        let mut later = Vec::new();
        for object in &waiting {
            match home.make(connection, object).await {
                Ok(()) => {}
                Err(error) if object.sort == Sort::View && error.class != ErrorClass::Interrupted => {
                    made = Err(error);
                    later.push(*object);
                }
                Err(error) => return Err(error),
            }
        }
        if later.len() == waiting.len() {
            break;
        }
        waiting = later;
        if waiting.is_empty() {
            made = Ok(());
        }
    }
    connection.reset().await?;
    made
}

impl Home<'_> {
    /// Makes one object in the place of one of its name. Parameters and variables without a collation of their own take the
    /// database's, so a database that had another one when the object was made has it again for that moment.
    async fn make(&self, connection: &mut Connection, object: &Made) -> Result<(), EngineError> {
        let word = |text: &&String| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let was = object.database_collation.as_ref().filter(word);
        let (Some(was), Some(now)) = (was.filter(|_| object.sort != Sort::View), &self.collation) else {
            return make_one(connection, self.database, object).await;
        };
        if was == now {
            return make_one(connection, self.database, object).await;
        }
        let alter = |collation: &str| format!("ALTER DATABASE {} COLLATE {collation}", quoted(self.database));
        connection.own(&alter(was)).await?;
        let made = make_one(connection, self.database, object).await;
        connection.own(&alter(now)).await?;
        made
    }
}

async fn make_one(connection: &mut Connection, database: &str, object: &Made) -> Result<(), EngineError> {
    let replaced = object.replaces(connection.kind());
    if !matches!(object.sort, Sort::View | Sort::Trigger) && !replaced {
        drop_one(connection, database, object.sort, &object.name).await?;
    }
    let [settings, statement] = object.statements();
    let statement = match statement.strip_prefix("CREATE ").filter(|_| replaced) {
        Some(rest) => format!("CREATE OR REPLACE {rest}"),
        None => statement,
    };
    let mut made = connection.own(&settings).await.map(|_outcome| ());
    if made.is_ok() {
        made = match object.sort {
            Sort::Event => past::make(connection, &object.name, &statement).await,
            _ => connection.own(&statement).await.map(|_outcome| ()),
        };
    }
    // The next statement of our own is sent in UTF-8.
    connection.own("SET NAMES utf8mb4").await?;
    let context = || format!("the {} `{}`", object.sort.word().to_lowercase(), object.name);
    made.map_err(|error| error.context(context()))
}

async fn collation(connection: &mut Connection, database: &str) -> Result<String, EngineError> {
    let sql = format!(
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        literal(database)
    );
    Ok(connection.texts(&sql).await?.into_iter().flatten().flatten().next().unwrap_or_default())
}

/// The column of the catalog that says whether tables that are made in a database are encrypted if nothing is said.
pub(super) fn encryption(connection: &Connection) -> &'static str {
    match connection.kind() {
        EngineKind::Mysql if connection.version() >= (8, 0, 16) => "DEFAULT_ENCRYPTION",
        _ => "NULL",
    }
}

/// The character set, collation and, on MariaDB, comment of a database, as the end of an `ALTER DATABASE`; on MySQL, whether its
/// tables are to be encrypted.
pub(super) async fn attributes(connection: &mut Connection, database: &str) -> Result<String, EngineError> {
    let mariadb = connection.kind() == EngineKind::Mariadb;
    let comment = if mariadb { "SCHEMA_COMMENT" } else { "NULL" };
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, {comment}, {} FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME = {}",
        encryption(connection),
        literal(database)
    );
    let row = connection.texts(&sql).await?.into_iter().next().unwrap_or_default();
    let get = |index: usize| row.get(index).cloned().flatten();
    let (charset, collation) = (get(0).unwrap_or_default(), get(1).unwrap_or_default());
    let comment = get(2).map(|comment| format!(" COMMENT {}", literal(&comment))).unwrap_or_default();
    let encrypted = get(3).map(|word| format!(" DEFAULT ENCRYPTION '{}'", if word == "YES" { "Y" } else { "N" }));
    Ok(format!("CHARACTER SET {charset} COLLATE {collation}{comment}{}", encrypted.unwrap_or_default()))
}
