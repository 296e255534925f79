//! What belongs to a database and does not move when its tables are renamed: triggers, views, routines and events. They are
//! kept as the statements the server prints, each with the settings it was made under, and made again from them.

use serde::{Deserialize, Serialize};
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

use crate::admin::literal;
use crate::connect::{Connection, quoted};
use crate::error::number;
use crate::events;
use crate::inspect::home;

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

    /// The same, and if it is an event, one that rests as those of a replica do: it keeps what it is and does not fire.
    pub(super) fn resting(&self) -> Self {
        match self.sort {
            Sort::Event => Self { statement: events::resting(&self.statement, &self.name), ..self.clone() },
            _ => self.clone(),
        }
    }
}

/// Reads the objects of a database: triggers in the order in which they fire, the rest by name. Views that do not work
/// any more are refused by name, since no server makes them again.
pub(super) async fn read(connection: &mut Connection, database: &str) -> Result<Vec<Made>, EngineError> {
    connection.enter(database).await?;
    let mut objects = Vec::new();
    for (sort, name) in list(connection, database).await? {
        if sort == Sort::View {
            works(connection, database, &name).await?;
        }
        objects.push(made(connection, database, sort, &name).await?);
    }
    Ok(objects)
}

/// Names of the objects, in one query.
pub(super) async fn list(connection: &mut Connection, database: &str) -> Result<Vec<(Sort, String)>, EngineError> {
    let name = literal(database);
    let sql = format!(
        "SELECT 'TRIGGER' AS sort, TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS place, \
           CONCAT(ACTION_TIMING, EVENT_MANIPULATION, LPAD(ACTION_ORDER, 9, '0')) AS turn \
           FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {name} \
         UNION ALL SELECT 'VIEW', TABLE_NAME, '', '' FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {name} \
         UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, '', '' FROM information_schema.ROUTINES \
           WHERE ROUTINE_SCHEMA = {name} \
         UNION ALL SELECT 'EVENT', EVENT_NAME, '', '' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {name}"
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
        EngineError::new(ErrorClass::Refused, format!("the view `{view}` of `{database}` does not work: {error}"))
            .hint("mend it or drop it: the server does not make such a view again")
    })
}

async fn made(connection: &mut Connection, database: &str, sort: Sort, name: &str) -> Result<Made, EngineError> {
    let sql = format!("SHOW CREATE {} {}.{}", sort.word(), quoted(database), quoted(name));
    let rows = connection.raw(&sql).await?;
    let Some(row) = rows.into_iter().next() else {
        return Err(super::conflict(format!("the {} `{name}` has gone meanwhile", sort.word().to_lowercase())));
    };
    let get = |column: &str| row.get_opt::<Option<String>, _>(column).and_then(Result::ok).flatten();
    let Some(statement) = get(sort.statement_column()) else {
        let message = format!("the body of the {} `{name}` may not be read", sort.word().to_lowercase());
        return Err(EngineError::new(ErrorClass::Refused, message)
            .hint("its definer may, and users with the right SELECT on all tables or SHOW_ROUTINE"));
    };
    // As its owner made it, and with no name of the database that it is in.
    let statement = match sort {
        Sort::View => home::view(&statement, database, connection.kind()),
        Sort::Trigger => home::trigger(&statement, connection.kind()),
        Sort::Event => events::awake(&statement, name),
        _ => statement,
    };
    Ok(Made {
        sort,
        name: name.to_owned(),
        statement,
        sql_mode: get("sql_mode"),
        collation: get("collation_connection"),
        time_zone: get("time_zone"),
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
    connection.enter(database).await?;
    let there = list(connection, database).await?;
    let stays = |made: &&Made| made.sort == Sort::Trigger && there.contains(&(made.sort, made.name.clone()));
    // A body may name what is not there yet; only a view must find what it names. Events fire from the moment they are made.
    let mut waiting: Vec<&Made> = objects.iter().filter(|made| !stays(made)).copied().collect();
    waiting.sort_by_key(|made| (made.sort == Sort::Event, made.sort == Sort::View));
    let mut made = Ok(());
    while !waiting.is_empty() {
        let mut later = Vec::new();
        for object in &waiting {
            match make_one(connection, database, object).await {
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

/// Makes one object in the place of one of its name.
async fn make_one(connection: &mut Connection, database: &str, object: &Made) -> Result<(), EngineError> {
    if !matches!(object.sort, Sort::View | Sort::Trigger) {
        drop_one(connection, database, object.sort, &object.name).await?;
    }
    let mut made = Ok(());
    for statement in object.statements() {
        made = connection.own(&statement).await.map(|_outcome| ());
        if made.is_err() {
            break;
        }
    }
    // The next statement of our own is sent in UTF-8.
    connection.own("SET NAMES utf8mb4").await?;
    let context = || format!("the {} `{}`", object.sort.word().to_lowercase(), object.name);
    made.map_err(|error| error.context(context()))
}

/// The character set, collation and, on MariaDB, comment of a database, as the end of an `ALTER DATABASE`.
pub(super) async fn attributes(connection: &mut Connection, database: &str) -> Result<String, EngineError> {
    let mariadb = connection.kind() == EngineKind::Mariadb;
    let comment = if mariadb { "SCHEMA_COMMENT" } else { "NULL" };
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, {comment} FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME = {}",
        literal(database)
    );
    let row = connection.texts(&sql).await?.into_iter().next().unwrap_or_default();
    let get = |index: usize| row.get(index).cloned().flatten();
    let (charset, collation) = (get(0).unwrap_or_default(), get(1).unwrap_or_default());
    let comment = get(2).map(|comment| format!(" COMMENT {}", literal(&comment))).unwrap_or_default();
    Ok(format!("CHARACTER SET {charset} COLLATE {collation}{comment}"))
}
