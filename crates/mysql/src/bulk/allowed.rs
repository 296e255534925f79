//! Whether the user may make triggers, views, routines and events again. That takes more than the right to make one's own: they
//! may belong to others, and a server that writes a binary log trusts few with functions and triggers. Found out before
//! anything is made, so that neither a load nor a swap stops at the last object.

use stead_engine::{EngineError, ErrorClass};
use stead_schema::{EngineKind, Schema};
use stead_sql::lex::code;

use crate::admin::literal;
use crate::connect::Connection;
use crate::inspect::program::account;
use crate::rights::Rights;

#[cfg(test)]
mod tests;

/// Rights of which one lets a user make objects for others.
const FOR_OTHERS: [&str; 4] = ["SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"];

/// What objects need of whoever makes them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// A definer who is not the user.
    definer: Option<String>,
    /// A trigger or a function.
    logged: Option<String>,
    /// A function of which the server does not know whether it gives the same on a replica.
    doubtful: Option<String>,
}

impl Needs {
    /// Those of the objects of a database that is there.
    pub(super) async fn of_database(connection: &mut Connection, database: &str) -> Result<Self, EngineError> {
        let name = literal(database);
        let definers = [
            ("TRIGGERS", "TRIGGER_SCHEMA"),
            ("VIEWS", "TABLE_SCHEMA"),
            ("ROUTINES", "ROUTINE_SCHEMA"),
            ("EVENTS", "EVENT_SCHEMA"),
        ];
        let definers = definers.map(|(table, schema)| {
            format!(
                "SELECT DEFINER FROM information_schema.{table} WHERE {schema} = {name} AND DEFINER <> CURRENT_USER()"
            )
        });
        let functions = format!(
            "SELECT CONCAT('function `', ROUTINE_NAME, '`') FROM information_schema.ROUTINES \
             WHERE ROUTINE_SCHEMA = {name} AND ROUTINE_TYPE = 'FUNCTION'"
        );
        let logged = format!(
            "SELECT CONCAT('trigger `', TRIGGER_NAME, '`') FROM information_schema.TRIGGERS \
             WHERE TRIGGER_SCHEMA = {name} UNION ALL {functions}"
        );
        let doubtful =
            format!("{functions} AND IS_DETERMINISTIC = 'NO' AND SQL_DATA_ACCESS NOT IN ('NO SQL', 'READS SQL DATA')");
        Ok(Self {
            definer: first(connection, &definers.join(" UNION ALL ")).await?,
            logged: first(connection, &logged).await?,
            doubtful: first(connection, &doubtful).await?,
        })
    }

    /// Those of the objects of a schema that is to be made.
    pub(super) async fn of_schema(connection: &mut Connection, schema: &Schema) -> Result<Self, EngineError> {
        let user = first(connection, "SELECT CURRENT_USER()").await?.unwrap_or_default();
        Ok(Self::stated(schema, &account(&user)))
    }

    fn stated(schema: &Schema, user: &str) -> Self {
        let views = schema.views.iter().map(|view| &view.options);
        let triggers = schema.triggers.iter().map(|trigger| &trigger.options);
        let objects = schema.objects.iter().map(|object| &object.options);
        let mut definers = views.chain(triggers).chain(objects).filter_map(|options| options.get("definer"));
        let functions = || schema.objects.iter().filter(|object| object.kind == "function");
        let named = |name: &str| format!("function `{name}`");
        let trigger = schema.triggers.first().map(|trigger| format!("trigger `{}`", trigger.name.name));
        let doubtful = functions().find(|object| is_doubtful(object.definition.as_deref().unwrap_or(&object.body)));
        Self {
            definer: definers.find(|definer| *definer != user).cloned(),
            logged: trigger.or_else(|| functions().next().map(|object| named(&object.name.name))),
            doubtful: doubtful.map(|object| named(&object.name.name)),
        }
    }

    /// Refuses what would not be let through.
    pub(super) async fn met(&self, connection: &mut Connection, rights: &Rights) -> Result<(), EngineError> {
        let has = |names: &[&str]| names.iter().any(|name| rights.everywhere(name));
        if let Some(definer) = self.definer.as_ref().filter(|_| !has(&FOR_OTHERS)) {
            let message = format!("objects of {} cannot be made by the user of the database's URL", shown(definer));
            return Err(EngineError::new(ErrorClass::Refused, message)
                .hint(format!("one of the rights {} is needed, or definers that are that user", FOR_OTHERS.join(", ")))
                .hint("with `roles = \"current\"` for the database, what is loaded belongs to whoever loads it"));
        }
        if self.logged.is_none() || !is_wary(connection).await? {
            return Ok(());
        }
        let refused = |message: String| {
            Err(EngineError::new(ErrorClass::Refused, message)
                .hint("`SET GLOBAL log_bin_trust_function_creators = 1` on the server lets it through"))
        };
        let trusted: &[&str] = match connection.kind() {
            EngineKind::Mariadb => &["SUPER", "BINLOG ADMIN"],
            _ => &["SUPER"],
        };
        match (&self.logged, &self.doubtful) {
            (Some(logged), _) if !has(trusted) => refused(format!(
                "the server writes a binary log and lets only users with the right {} make the {logged}",
                trusted.join(" or ")
            )),
            (_, Some(doubtful)) => refused(format!(
                "the server writes a binary log and does not take the {doubtful}: it is neither DETERMINISTIC nor NO SQL \
                 nor READS SQL DATA"
            )),
            _ => Ok(()),
        }
    }
}

/// Whether the server looks at who makes functions and triggers.
async fn is_wary(connection: &mut Connection) -> Result<bool, EngineError> {
    let asked = "SELECT @@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators";
    Ok(first(connection, asked).await?.as_deref() == Some("1"))
}

/// A definer as it is shown; the catalog does not quote it.
fn shown(definer: &str) -> String {
    if definer.starts_with('`') { definer.to_owned() } else { format!("`{definer}`") }
}

async fn first(connection: &mut Connection, sql: &str) -> Result<Option<String>, EngineError> {
    Ok(connection.texts(&format!("{sql} LIMIT 1")).await?.into_iter().flatten().flatten().next())
}

/// True if a function's text, from its parameters on, does not say before its body that it is harmless.
fn is_doubtful(text: &str) -> bool {
    let tokens = code(text, EngineKind::Mysql);
    let words = tokens.iter().take_while(|token| !token.is_word("BEGIN") && !token.is_word("RETURN"));
    let words: Vec<String> = words.map(|token| token.text.to_ascii_uppercase()).collect();
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair[0] == first && pair[1] == second);
    let says = words.iter().any(|word| word == "DETERMINISTIC") && !pair("NOT", "DETERMINISTIC");
    !(says || pair("NO", "SQL") || pair("READS", "SQL"))
}
