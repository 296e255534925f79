//! What MySQL and MariaDB report, as classes. The error number decides, the SQLSTATE where a number is not known here
//! (<https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
//! <https://mariadb.com/kb/en/mariadb-error-code-reference/>); the server's text is passed on to people and never branched on.

use mysql_async::{DriverError, Error as Driver, IoError, ServerError};
use stead_engine::{EngineError, ErrorClass, certificate_hint};
use stead_schema::EngineKind;

#[cfg(test)]
mod tests;

/// The class of a server's error. The two have the numbers up to 1900 in common, and mean different things by those above.
pub(crate) fn class(engine: EngineKind, code: u16, state: &str) -> ErrorClass {
    use ErrorClass::{Bug, Conflict, Constraint, Interrupted, LockTimeout, Refused, Syntax, Unreachable, Unsupported};
    let own = match engine {
        EngineKind::Mariadb => of_mariadb(code),
        _ => of_mysql(code),
    };
    if let Some(class) = own {
        return class;
    }
    match code {
        // Too many connections, the server goes down, an unknown database, a host that is blocked.
        1040 | 1053 | 1077 | 1079 | 1049 | 1129 | 1203 | 1226 => Unreachable,
        // A lock was not obtained in time: rows, metadata, or a named lock.
        1205 => LockTimeout,
        // Deadlocks, a changed table definition, a row that another session changed, a database that exists.
        1213 | 1412 | 1020 | 1614 | 1007 => Conflict,
        // Cancelled, out of space or memory, too many files.
        1317 | 1021 | 1114 | 1037 | 1038 | 1041 | 1026 | 1030 | 1003 | 1028 | 1152..=1161 | 1184 | 1189 | 1190 => {
            Interrupted
        }
        // Rights, passwords, read-only servers and transactions.
        1044 | 1045 | 1142 | 1143 | 1227 | 1290 | 1370 | 1410 | 1418 | 1419 | 1449 | 1568 | 1698 | 1792 | 1820
        | 1836 | 1862 | 1130 | 1131 | 1132 | 1133 | 1524 | 1193 | 1231 | 1148 => Refused,
        // Rows and values that break a rule.
        1048 | 1062 | 1169 | 1216 | 1217 | 1264 | 1265 | 1292 | 1364 | 1366 | 1406 | 1411 | 1451 | 1452 | 1557
        | 1586 | 1644 | 1690 | 1761 | 1762 | 1416 | 1365 | 1367 | 1441 => Constraint,
        1235 | 1286 | 1289 | 1295 | 1178 | 1273 | 1115 | 1128 => Unsupported,
        1050 | 1051 | 1054 | 1060 | 1061 | 1064 | 1065 | 1091 | 1109 | 1146 | 1149 | 1304 | 1305 | 1359 | 1360
        | 1537 | 1826 => Syntax,
        _ => by_state(state).unwrap_or(if (1000..2000).contains(&code) || code >= 3000 { Syntax } else { Bug }),
    }
}

/// MySQL's own numbers.
fn of_mysql(code: u16) -> Option<ErrorClass> {
    Some(match code {
        // A session that has been idle for too long.
        4031 => ErrorClass::Unreachable,
        // `NOWAIT`.
        3572 => ErrorClass::LockTimeout,
        // Out of time.
        3024 => ErrorClass::Interrupted,
        // Rights, locked accounts, encryption that is demanded, local files, a primary key that is.
        3118 | 3159 | 3948 | 3750 => ErrorClass::Refused,
        // JSON, checks, tables that others refer to.
        3140..=3145 | 3156 | 3157 | 3819 | 3730 => ErrorClass::Constraint,
        _ => return None,
    })
}

/// MariaDB's own numbers.
fn of_mariadb(code: u16) -> Option<ErrorClass> {
    Some(match code {
        // Out of time, a connection that was killed.
        1969 | 1927 => ErrorClass::Interrupted,
        // Locked accounts, local files, a history that is not to be changed.
        4151 | 4166 | 4119 => ErrorClass::Refused,
        // Checks, a sequence that has run out.
        4025 | 4084 => ErrorClass::Constraint,
        _ => return None,
    })
}

/// The class by the first two characters of an SQLSTATE; `HY` says nothing.
fn by_state(state: &str) -> Option<ErrorClass> {
    Some(match state.get(..2)? {
        "08" => ErrorClass::Unreachable,
        "22" | "23" | "44" => ErrorClass::Constraint,
        "28" => ErrorClass::Refused,
        "40" => ErrorClass::Conflict,
        "42" | "21" => ErrorClass::Syntax,
        "0A" => ErrorClass::Unsupported,
        "70" => ErrorClass::Interrupted,
        _ => return None,
    })
}

/// Classifies an error of the driver on a connection that stands. `at` is the server, for sentences.
pub(crate) fn classify(error: &Driver, at: &str, engine: EngineKind) -> EngineError {
    match error {
        Driver::Server(server) => from_server(server, engine),
        // What reads a packet wraps the driver's own errors.
        Driver::Io(IoError::Io(io)) => match io.get_ref().and_then(|inner| inner.downcast_ref::<Driver>()) {
            Some(inner) => classify(inner, at, engine),
            None => lost(at, &io.to_string()),
        },
        Driver::Io(IoError::Tls(tls)) => lost(at, &tls.to_string()),
        Driver::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => {
            lost(at, "the server has closed it")
        }
        Driver::Driver(DriverError::StmtParamsMismatch { required, supplied }) => EngineError::new(
            ErrorClass::Bug,
            format!("the statement has {required} placeholders, {supplied} values were given"),
        ),
        Driver::Driver(DriverError::PacketTooLarge) => {
            EngineError::new(ErrorClass::Refused, "a value is larger than the server takes")
                .hint("raise `max_allowed_packet` on the server")
        }
        other => EngineError::new(ErrorClass::Bug, one_line(&other.to_string())),
    }
}

/// Classifies an error of connecting.
pub(crate) fn classify_connecting(error: &Driver, at: &str, engine: EngineKind) -> EngineError {
    match error {
        Driver::Server(server) => {
            let mut error = from_server(server, engine);
            let what = if server.code == 1049 { "has no such database" } else { "does not let us in" };
            error.message = format!("{at} {what}: {}", error.message);
            if server.code == 1045 || server.code == 1698 {
                // Nobody is logged in yet, so rights are not the question.
                error.hints = vec!["correct the user or the password in the database's URL".to_owned()];
            }
            error
        }
        Driver::Io(IoError::Io(io)) if is_tls(io) => EngineError::new(
            ErrorClass::Refused,
            format!("the TLS certificate of {at} is not accepted: {}", one_line(&io.to_string())),
        )
        .hint(certificate_hint(
            &io.to_string(),
            "`ssl-ca=FILE` in the database's URL names the authority that signed it",
        )),
        Driver::Io(IoError::Io(io)) => {
            EngineError::new(ErrorClass::Unreachable, format!("{at} cannot be reached: {io}"))
                .hint("see whether the server runs, and whether host and port are right")
        }
        Driver::Io(IoError::Tls(tls)) => EngineError::new(
            ErrorClass::Refused,
            format!("no encrypted connection to {at}: {}", one_line(&tls.to_string())),
        )
        .hint("see `ssl-mode` and `ssl-ca` in the database's URL"),
        Driver::Driver(DriverError::NoClientSslFlagFromServer) => {
            EngineError::new(ErrorClass::Refused, format!("{at} does not encrypt, and `ssl-mode` demands it"))
        }
        Driver::Driver(driver) => EngineError::new(
            ErrorClass::Refused,
            format!("{at} cannot be logged in to: {}", one_line(&driver.to_string())),
        )
        // MySQL asks unknown users for a login of any kind, so as not to tell that there is none of that name.
        .hint("correct the user or the password in the database's URL"),
        other => EngineError::new(
            ErrorClass::Unreachable,
            format!("{at} cannot be reached: {}", one_line(&other.to_string())),
        ),
    }
}

/// Whether the TLS library refused, and not the network.
fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// A connection that broke off in the middle.
pub(crate) fn lost(at: &str, why: &str) -> EngineError {
    EngineError::new(ErrorClass::Interrupted, format!("the connection to {at} was lost: {}", one_line(why)))
        .hint("see the server's log; nothing of the open transaction is kept")
}

/// The number of the server's error, where there is one.
pub(crate) fn number(error: &EngineError) -> Option<u16> {
    error.engine_code.as_deref().and_then(|code| code.parse().ok())
}

fn from_server(server: &ServerError, engine: EngineKind) -> EngineError {
    let mut error = EngineError::new(class(engine, server.code, &server.state), one_line(&server.message));
    error.engine_code = Some(server.code.to_string());
    match server.code {
        1205 => error.hint("another session holds a lock on it: wait, or end that session, and run the command again"),
        1213 => error.hint("run the command again"),
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 => {
            error.hint("see `SHOW GRANTS` for what the user of the database's URL may do")
        }
        1040 | 1203 | 1226 => error.hint("let other sessions end, or raise the server's or the user's limit"),
        1418 | 1419 => error.hint(
            "the server writes a binary log: `SET GLOBAL log_bin_trust_function_creators = 1` lets functions and triggers \
             through",
        ),
        3159 => error.hint("`ssl-mode=required` in the database's URL encrypts the connection"),
        1114 | 1021 => error.hint("free some space on the server, then run the command again"),
        _ => error,
    }
}

/// A message as one line without a full stop.
pub(crate) fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_end_matches('.').to_owned()
}

/// Where in the statement the server saw the mistake: its message repeats what it could not read and counts lines.
pub(crate) fn offset(sql: &str, error: &EngineError) -> Option<usize> {
    if error.engine_code.as_deref() != Some("1064") {
        return None;
    }
    let (_, near) = error.message.split_once("near '")?;
    let (near, line) = near.rsplit_once("' at line ")?;
    let line: usize = line.parse().ok()?;
    let start: usize = sql.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let first = near.split_whitespace().next().unwrap_or_default();
    let found = sql.get(start..)?.find(first).map(|place| start + place);
    Some(if near.is_empty() { sql.trim_end().len() } else { found.unwrap_or(start) })
}
