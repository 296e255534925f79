//! What SQLite reports, as classes. The extended result codes decide (<https://sqlite.org/rescode.html>); SQLite's text
//! is passed on to people and read only where one code stands for two classes.

use std::path::Path;

use rusqlite::Error as Driver;
use stead_engine::{EngineError, ErrorClass};

use crate::connect::processes;

#[cfg(test)]
mod tests;

/// Extended result codes with their names. A code that is not here has the class of its low byte.
const NAMES: &[(i32, &str)] = &[
    (1, "SQLITE_ERROR"),
    (2, "SQLITE_INTERNAL"),
    (3, "SQLITE_PERM"),
    (4, "SQLITE_ABORT"),
    (5, "SQLITE_BUSY"),
    (6, "SQLITE_LOCKED"),
    (7, "SQLITE_NOMEM"),
    (8, "SQLITE_READONLY"),
    (9, "SQLITE_INTERRUPT"),
    (10, "SQLITE_IOERR"),
    (11, "SQLITE_CORRUPT"),
    (12, "SQLITE_NOTFOUND"),
    (13, "SQLITE_FULL"),
    (14, "SQLITE_CANTOPEN"),
    (15, "SQLITE_PROTOCOL"),
    (16, "SQLITE_EMPTY"),
    (17, "SQLITE_SCHEMA"),
    (18, "SQLITE_TOOBIG"),
    (19, "SQLITE_CONSTRAINT"),
    (20, "SQLITE_MISMATCH"),
    (21, "SQLITE_MISUSE"),
    (22, "SQLITE_NOLFS"),
    (23, "SQLITE_AUTH"),
    (24, "SQLITE_FORMAT"),
    (25, "SQLITE_RANGE"),
    (26, "SQLITE_NOTADB"),
    (257, "SQLITE_ERROR_MISSING_COLLSEQ"),
    (261, "SQLITE_BUSY_RECOVERY"),
    (262, "SQLITE_LOCKED_SHAREDCACHE"),
    (264, "SQLITE_READONLY_RECOVERY"),
    (266, "SQLITE_IOERR_READ"),
    (267, "SQLITE_CORRUPT_VTAB"),
    (270, "SQLITE_CANTOPEN_NOTEMPDIR"),
    (275, "SQLITE_CONSTRAINT_CHECK"),
    (279, "SQLITE_AUTH_USER"),
    (513, "SQLITE_ERROR_RETRY"),
    (516, "SQLITE_ABORT_ROLLBACK"),
    (517, "SQLITE_BUSY_SNAPSHOT"),
    (518, "SQLITE_LOCKED_VTAB"),
    (520, "SQLITE_READONLY_CANTLOCK"),
    (522, "SQLITE_IOERR_SHORT_READ"),
    (523, "SQLITE_CORRUPT_SEQUENCE"),
    (526, "SQLITE_CANTOPEN_ISDIR"),
    (531, "SQLITE_CONSTRAINT_COMMITHOOK"),
    (769, "SQLITE_ERROR_SNAPSHOT"),
    (773, "SQLITE_BUSY_TIMEOUT"),
    (776, "SQLITE_READONLY_ROLLBACK"),
    (778, "SQLITE_IOERR_WRITE"),
    (779, "SQLITE_CORRUPT_INDEX"),
    (782, "SQLITE_CANTOPEN_FULLPATH"),
    (787, "SQLITE_CONSTRAINT_FOREIGNKEY"),
    (1025, "SQLITE_ERROR_RESERVESIZE"),
    (1032, "SQLITE_READONLY_DBMOVED"),
    (1034, "SQLITE_IOERR_FSYNC"),
    (1038, "SQLITE_CANTOPEN_CONVPATH"),
    (1043, "SQLITE_CONSTRAINT_FUNCTION"),
    (1281, "SQLITE_ERROR_KEY"),
    (1288, "SQLITE_READONLY_CANTINIT"),
    (1290, "SQLITE_IOERR_DIR_FSYNC"),
    (1294, "SQLITE_CANTOPEN_DIRTYWAL"),
    (1299, "SQLITE_CONSTRAINT_NOTNULL"),
    (1537, "SQLITE_ERROR_UNABLE"),
    (1544, "SQLITE_READONLY_DIRECTORY"),
    (1546, "SQLITE_IOERR_TRUNCATE"),
    (1550, "SQLITE_CANTOPEN_SYMLINK"),
    (1555, "SQLITE_CONSTRAINT_PRIMARYKEY"),
    (1802, "SQLITE_IOERR_FSTAT"),
    (1811, "SQLITE_CONSTRAINT_TRIGGER"),
    (2058, "SQLITE_IOERR_UNLOCK"),
    (2067, "SQLITE_CONSTRAINT_UNIQUE"),
    (2314, "SQLITE_IOERR_RDLOCK"),
    (2323, "SQLITE_CONSTRAINT_VTAB"),
    (2570, "SQLITE_IOERR_DELETE"),
    (2579, "SQLITE_CONSTRAINT_ROWID"),
    (2826, "SQLITE_IOERR_BLOCKED"),
    (2835, "SQLITE_CONSTRAINT_PINNED"),
    (3082, "SQLITE_IOERR_NOMEM"),
    (3091, "SQLITE_CONSTRAINT_DATATYPE"),
    (3338, "SQLITE_IOERR_ACCESS"),
    (3594, "SQLITE_IOERR_CHECKRESERVEDLOCK"),
    (3850, "SQLITE_IOERR_LOCK"),
    (4106, "SQLITE_IOERR_CLOSE"),
    (4362, "SQLITE_IOERR_DIR_CLOSE"),
    (4618, "SQLITE_IOERR_SHMOPEN"),
    (4874, "SQLITE_IOERR_SHMSIZE"),
    (5130, "SQLITE_IOERR_SHMLOCK"),
    (5386, "SQLITE_IOERR_SHMMAP"),
    (5642, "SQLITE_IOERR_SEEK"),
    (5898, "SQLITE_IOERR_DELETE_NOENT"),
    (6154, "SQLITE_IOERR_MMAP"),
    (6410, "SQLITE_IOERR_GETTEMPPATH"),
    (6666, "SQLITE_IOERR_CONVPATH"),
    (6922, "SQLITE_IOERR_VNODE"),
    (7178, "SQLITE_IOERR_AUTH"),
    (7434, "SQLITE_IOERR_BEGIN_ATOMIC"),
    (7690, "SQLITE_IOERR_COMMIT_ATOMIC"),
    (7946, "SQLITE_IOERR_ROLLBACK_ATOMIC"),
    (8202, "SQLITE_IOERR_DATA"),
    (8458, "SQLITE_IOERR_CORRUPTFS"),
    (8714, "SQLITE_IOERR_IN_PAGE"),
];

/// The name of an extended result code; the primary code's name where the extended one is unknown.
fn name(code: i32) -> String {
    let find = |wanted: i32| NAMES.iter().find(|(known, _)| *known == wanted).map(|(_, name)| *name);
    find(code).or_else(|| find(code & 0xff)).map_or_else(|| format!("SQLITE_{code}"), str::to_owned)
}

/// The class of an extended result code. `message` is looked at only under `SQLITE_ERROR`.
fn class(code: i32, message: &str) -> ErrorClass {
    use ErrorClass::{Bug, Conflict, Constraint, Interrupted, LockTimeout, Refused, Syntax, Unsupported};
    match code {
        // Another connection changed what this one has read, moved the file away, or forced a rollback.
        517 | 513 | 769 | 1032 => return Conflict,
        257 | 1281 | 1537 => return Unsupported,
        _ => {}
    }
    match code & 0xff {
        1 if message.starts_with("no such module") => Unsupported,
        1 => Syntax,
        5 => LockTimeout,
        6 | 15 | 17 => Conflict,
        3 | 8 | 11 | 14 | 23 | 24 | 26 => Refused,
        4 | 7 | 9 | 10 | 13 => Interrupted,
        18 | 22 => Unsupported,
        19 | 20 => Constraint,
        _ => Bug,
    }
}

/// Classifies an error of the driver. `path` is the file it happened on, `None` for a database in memory.
pub(crate) fn classify(error: &Driver, path: Option<&Path>) -> EngineError {
    match error {
        Driver::SqliteFailure(failure, message) => {
            let message = message.clone().unwrap_or_else(|| failure.to_string());
            failed(failure.extended_code, &message, path)
        }
        Driver::SqlInputError { error, msg, offset, .. } => {
            let mut classified = failed(error.extended_code, msg, path);
            classified.offset = usize::try_from(*offset).ok();
            classified
        }
        Driver::MultipleStatement => EngineError::new(ErrorClass::Syntax, "one statement is expected, found several"),
        Driver::NulError(_) => EngineError::new(ErrorClass::Syntax, "the statement holds a NUL character"),
        Driver::InvalidParameterCount(0, _) => {
            EngineError::new(ErrorClass::Syntax, "the statement has a placeholder, for which there is no value")
                .hint("write the value itself in place of `?`, `:name`, `@name` or `$name`")
        }
        Driver::InvalidParameterCount(given, expected) => EngineError::new(
            ErrorClass::Bug,
            format!("the statement has {expected} placeholders, {given} values were given"),
        ),
        other => EngineError::new(ErrorClass::Bug, other.to_string()),
    }
}

fn failed(code: i32, message: &str, path: Option<&Path>) -> EngineError {
    let class = class(code, message);
    let mut error = match path {
        Some(path) => about_file(code, class, message, path),
        None => EngineError::new(class, message),
    };
    error.engine_code = Some(name(code));
    error.damaged = code & 0xff == 11;
    error
}

/// Errors that concern the file and not the statement name the file and say what to do.
fn about_file(code: i32, class: ErrorClass, message: &str, path: &Path) -> EngineError {
    let shown = path.display();
    match code {
        517 => {
            EngineError::new(class, format!("`{shown}` was changed by somebody else since this transaction read it"))
                .hint("run the command again")
        }
        1032 => {
            EngineError::new(class, format!("`{shown}` was replaced while it was open")).hint("run the command again")
        }
        776 => {
            EngineError::new(class, format!("`{shown}` was left in the middle of a transaction and cannot be written"))
                .hint(
                    "run the command as a user who may write the file and its folder, so that SQLite can roll it back",
                )
        }
        _ => about_file_by_primary(code & 0xff, class, message, path),
    }
}

fn about_file_by_primary(primary: i32, class: ErrorClass, message: &str, path: &Path) -> EngineError {
    let shown = path.display();
    match primary {
        5 => busy(class, path),
        6 => EngineError::new(class, format!("{message} (in `{shown}`)")),
        8 | 3 => EngineError::new(class, format!("`{shown}` cannot be written: {message}"))
            .hint("see who owns the file and its folder, and whether this session was opened to write"),
        10 => EngineError::new(class, format!("reading or writing `{shown}` failed: {message}"))
            .hint("see the disk and the system's log; nothing of the open transaction is kept"),
        11 => EngineError::new(class, format!("`{shown}` is damaged: {message}"))
            .hint("load a snapshot, or take what can be read out of it with the `.recover` command of `sqlite3`"),
        13 => EngineError::new(class, format!("no space is left to write `{shown}`"))
            .hint("free some space and run the command again; nothing of the open transaction is kept"),
        14 => match message.strip_prefix(ATTACHED) {
            Some(other) => cannot_attach(class, other),
            None => cannot_open(message, path),
        },
        1 if OUTSIDE.iter().any(|words| message.contains(words)) && !message.starts_with("cannot start") => {
            EngineError::new(class, message)
                .hint("a revision with `-- transaction: none` in its header runs outside of transactions")
        }
        26 => not_a_database(path),
        _ => EngineError::new(class, message),
    }
}

/// What is said of a file that SQLite does not take for a database.
pub(crate) fn not_a_database(path: &Path) -> EngineError {
    EngineError::new(ErrorClass::Refused, format!("`{}` is not a SQLite database", path.display()))
        .hint("see whether the path is right; move the file away to have a new database made in its place")
}

/// How SQLite begins to speak of a file that a statement names; of the database itself it says something else.
const ATTACHED: &str = "unable to open database: ";

/// How SQLite says that a statement can only run outside of a transaction.
const OUTSIDE: [&str; 3] = ["within a transaction", "within transaction", "inside a transaction"];

fn cannot_attach(class: ErrorClass, other: &str) -> EngineError {
    EngineError::new(class, format!("`{other}`, which the statement names, cannot be opened as a database"))
        .hint("a path that is not absolute begins in the folder in which stead was started")
}

fn busy(class: ErrorClass, path: &Path) -> EngineError {
    let shown = path.display();
    let holders = processes::lock_holders(path);
    if holders.is_empty() {
        return EngineError::new(class, format!("`{shown}` is locked by another connection"))
            .hint("wait until the other work is done, or stop it, and run the command again");
    }
    EngineError::new(class, format!("`{shown}` is locked by {}", processes::list(&holders)))
        .hint("wait until that work is done, or stop the process, and run the command again")
}

/// SQLite says only that it cannot open; the file system says why.
fn cannot_open(message: &str, path: &Path) -> EngineError {
    let context = format!("cannot open `{}`", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            EngineError::new(ErrorClass::Refused, format!("{context}: {error}"))
        }
        Err(error) => EngineError::new(ErrorClass::Unreachable, format!("{context}: {error}")),
        Ok(_) => EngineError::new(ErrorClass::Refused, format!("{context}: {message}"))
            .hint("the folder must be writable too: SQLite keeps its journal beside the file"),
    }
}
