//! The other side of every comparison: SQLite by itself, given the same text in one piece. The `sqlite3` program where
//! there is one, since it shares neither our splitter nor our settings; else the library, set up as that program is.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rusqlite::Connection;

/// Runs a whole script on a database file, the way `sqlite3 FILE < SCRIPT` does. That program drops carriage returns at the
/// ends of lines, within strings too, so a script that has some is given to the library.
#[track_caller]
pub(crate) fn run(database: &Path, script: &str) -> Result<(), String> {
    if has_program() && !script.contains('\r') {
        with_program(database, script)
    } else {
        with_library(database, script)
    }
}

/// Runs a script through the library with foreign keys off, which is SQLite's own default but not that of every build.
pub(crate) fn with_library(database: &Path, script: &str) -> Result<(), String> {
    let connection = Connection::open(database).map_err(|error| error.to_string())?;
    connection.execute_batch("PRAGMA foreign_keys = off").map_err(|error| error.to_string())?;
    connection.execute_batch(script).map_err(|error| error.to_string())?;
    connection.close().map_err(|(_, error)| error.to_string())
}

fn has_program() -> bool {
    static PROGRAM: OnceLock<bool> = OnceLock::new();
    *PROGRAM
        .get_or_init(|| Command::new("sqlite3").arg("-version").output().is_ok_and(|output| output.status.success()))
}

fn with_program(database: &Path, script: &str) -> Result<(), String> {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-bail", "-init", "/dev/null"]).arg(database);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(|error| error.to_string())?;
    let mut input = child.stdin.take().expect("the input was asked to be a pipe");
    // A program that stops at an error closes its input early; its own message says more than the broken pipe.
    let _stopped_early = input.write_all(script.as_bytes()).and_then(|()| input.write_all(b"\n"));
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
