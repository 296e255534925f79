//! What PostgreSQL reports, as classes. The SQLSTATE decides
//! (<https://www.postgresql.org/docs/current/errcodes-appendix.html>); the server's text may be in any language, is passed on
//! to people and never branched on.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use stead_engine::{EngineError, ErrorClass, certificate_hint};
use tokio_postgres::Error as Driver;
use tokio_postgres::error::{DbError, ErrorPosition};

use crate::connect::address::Address;

#[cfg(test)]
mod tests;

/// The class of an SQLSTATE.
pub(crate) fn class(state: &str) -> ErrorClass {
    use ErrorClass::{Bug, Conflict, Constraint, Interrupted, LockTimeout, Refused, Syntax, Unreachable, Unsupported};
    match state {
        // A statement that asks for a transaction's end, or must stand outside of one, inside of one.
        "25001" | "25006" | "25P01" | "25P02" | "25P04" | "2BP01" | "42501" | "55000" | "55P02" | "XX001" | "XX002" => {
            Refused
        }
        "25P03" | "57014" | "57P01" | "57P02" | "57P05" => Interrupted,
        "53300" | "57P03" | "57P04" | "3D000" => Unreachable,
        // Of things that are there already only a database is somebody else's doing: the rest is what the statement asks for.
        "42P04" | "55006" | "55P04" | "40001" | "40P01" | "40003" | "40000" | "72000" => Conflict,
        "40002" => Constraint,
        "55P03" => LockTimeout,
        "58P01" => Unsupported,
        "58P02" => Conflict,
        "08P01" => Bug,
        _ => match state.get(..2).unwrap_or_default() {
            "08" => Unreachable,
            "0A" | "54" => Unsupported,
            "21" | "22" | "23" | "27" | "44" | "P0" | "20" | "02" => Constraint,
            "0F" | "0L" | "0Z" | "25" | "28" | "2D" | "2F" | "38" | "39" | "3B" | "55" | "F0" | "HV" => Refused,
            "40" => Conflict,
            "03" | "09" | "0B" | "0P" | "24" | "26" | "34" | "3D" | "3F" | "42" => Syntax,
            "53" | "57" | "58" => Interrupted,
            _ => Bug,
        },
    }
}

/// An error of connecting.
pub(crate) fn connecting(error: &Driver, address: &Address, database: &str) -> EngineError {
    if let Some(server) = error.as_db_error() {
        let mut told = told(server, "");
        // A server that goes down says so, and is as far away as one that is down.
        if told.class == ErrorClass::Interrupted {
            told.class = ErrorClass::Unreachable;
        }
        // Pools say so of everything that they do not take: a password, a database, an option.
        if told.class == ErrorClass::Bug {
            told.class = ErrorClass::Refused;
        }
        told.message = match told.class {
            ErrorClass::Unreachable => format!("`{database}` on {address} cannot be reached: {}", told.message),
            _ => format!("{address} does not let us in to `{database}`: {}", told.message),
        };
        return match told.engine_code.as_deref() {
            Some("28P01" | "28000") => told.hint("correct the user or the password in the database's URL"),
            Some("53300") => told.hint("let other sessions end, or raise `max_connections` or the role's limit"),
            _ => told,
        };
    }
    match io_error(error) {
        Some(io) if certificate(io) => {
            EngineError::new(ErrorClass::Refused, format!("the TLS certificate of {address} is not accepted: {io}"))
                .hint(certificate_hint(&io.to_string(), "`sslrootcert=FILE` in the URL names the root that signed it"))
        }
        Some(io) => EngineError::new(ErrorClass::Unreachable, format!("{address} cannot be reached: {}", plain(io)))
            .hint("start the server, or correct the host and port in its URL"),
        None => EngineError::new(ErrorClass::Refused, format!("{address} does not let us in: {}", chain(error))),
    }
}

/// A connection that took too long.
pub(crate) fn late(address: &Address, limit: Duration) -> EngineError {
    EngineError::new(ErrorClass::Unreachable, format!("{address} does not answer within {limit:?}"))
        .hint("`connect_timeout=SECONDS` in the URL changes the limit")
}

/// An error on a connection that stands. `farewell` is what the server said when it hung up.
pub(crate) fn running(error: &Driver, sql: &str, farewell: Option<&DbError>) -> EngineError {
    if let Some(server) = error.as_db_error() {
        return if ENDS.contains(&server.code().code()) { lost(Some(server)) } else { told(server, sql) };
    }
    if let Some(ours) = error.source().and_then(|source| source.downcast_ref::<EngineError>()) {
        return ours.clone();
    }
    if let Some(server) = farewell.filter(|_| error.is_closed() || io_error(error).is_some()) {
        return lost(Some(server));
    }
    match io_error(error) {
        Some(io) => {
            let lost = lost(None);
            EngineError { message: format!("{}: {}", lost.message, plain(io)), ..lost }
        }
        None if error.is_closed() => lost(None),
        None => EngineError::new(ErrorClass::Bug, chain(error)),
    }
}

/// States in which the server ends a session that it had let in: an administrator's word, a crash, a time limit.
const ENDS: [&str; 3] = ["57P01", "57P02", "57P05"];

/// States that say that what is stored is damaged.
const DAMAGED: [&str; 2] = ["XX001", "XX002"];

/// A connection that is gone, with what the server said of it as far as that was heard.
fn lost(server: Option<&DbError>) -> EngineError {
    let said = server.map(|server| told(server, ""));
    let mut error = EngineError::new(ErrorClass::Interrupted, "the connection was lost");
    if let Some(said) = said {
        error.message = format!("{}: {}", error.message, said.message);
        error.engine_code = said.engine_code;
    }
    error.hint("see the server's log; nothing of the open transaction is kept")
}

/// What the server told, as an error. Rows that break a constraint are not repeated: they are people's data.
fn told(server: &DbError, sql: &str) -> EngineError {
    let state = server.code().code();
    let class = class(state);
    let mut message = fragment(server.message());
    let repeats_rows = ["23502", "23514", "44000"].contains(&state) || state.starts_with("22");
    if let Some(detail) = server.detail().filter(|_| !repeats_rows) {
        message = format!("{message}: {}", fragment(detail));
    }
    let mut error = EngineError::new(class, message);
    error.engine_code = Some(state.to_owned());
    if let Some(ErrorPosition::Original(position)) = server.position() {
        error.offset = offset(sql, *position);
    }
    error.hints.extend(server.hint().map(fragment));
    error.damaged = DAMAGED.contains(&state);
    match state {
        "XX001" | "XX002" => error.hint("load a snapshot, or see what can be saved with the extension `amcheck`"),
        // A right that no grant gives. The routine is the server's own, in no language.
        "42501" if server.routine() == Some("check_enable_rls") => error.hint(
            "no grant helps here: the role needs `BYPASSRLS`, or to own the table and have no `FORCE ROW LEVEL SECURITY` on it",
        ),
        "42501" => error.hint("the owner of what it names, or a superuser, grants the right to the role in the URL"),
        "25006" => {
            error.hint("the server is a standby, or `default_transaction_read_only` is set for role or database")
        }
        "53100" => error.hint("free some space on the server, then run the command again"),
        _ => error,
    }
}

/// The server counts characters from 1, the port bytes from 0.
fn offset(sql: &str, position: u32) -> Option<usize> {
    let index = usize::try_from(position).ok()?.checked_sub(1)?;
    let ends = std::iter::once(sql.len());
    sql.char_indices().map(|(offset, _)| offset).chain(ends).nth(index)
}

/// A notice as one line.
pub(crate) fn notice(notice: &DbError) -> String {
    format!("{}: {}", notice.severity().to_lowercase(), fragment(notice.message()))
}

/// One line without a full stop.
fn fragment(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_end_matches('.').to_owned()
}

fn io_error(error: &Driver) -> Option<&io::Error> {
    error.source().and_then(|source| source.downcast_ref::<io::Error>())
}

fn certificate(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some())
}

/// An error of the system without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    fragment(text)
}

fn chain(error: &Driver) -> String {
    match error.source() {
        Some(source) => {
            fragment(&format!("{error}: {source}")).replace(&format!(": {source}: {source}"), &format!(": {source}"))
        }
        None => fragment(&error.to_string()),
    }
}
