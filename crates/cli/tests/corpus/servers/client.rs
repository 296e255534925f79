//! The engine's own client program: `psql`, and `mariadb` or `mysql`, which understand each other's servers. It gets a script
//! and says what came of it; whole histories go through one process, since starting one takes longer than most statements.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use stead_testkit::servers::TestServer;
use stead_testkit::skip::skip;

/// What lies between two values.
const COLUMN: char = '\u{1f}';
/// What ends a row; any other end is a plain one after the last row of each statement.
const ROW: char = '\0';

/// A client of one server.
pub(crate) struct Client {
    pub(crate) server: TestServer,
    url: String,
    program: PathBuf,
}

impl Client {
    /// `None` after a skip was reported.
    pub(crate) fn of(server: TestServer, url: &str) -> Option<Self> {
        let names: &[&str] = if is_postgres(server) { &["psql"] } else { &["mariadb", "mysql"] };
        let folders: Vec<_> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
        let programs = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        let Some(program) = programs.into_iter().find(|path| path.is_file()) else {
            skip("client", &format!("none of {names:?} is installed"));
            return None;
        };
        Some(Self { server, url: url.to_owned(), program })
    }

    /// Whether the server is a PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        is_postgres(self.server)
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.url)
    }

    /// Runs a script, which ends at its first error.
    pub(crate) fn run(&self, database: &str, script: &str) -> Result<(), String> {
        self.run_with(database, &[], script)
    }

    /// The same with variables of the client's own.
    pub(crate) fn run_with(&self, database: &str, variables: &[(&str, &str)], script: &str) -> Result<(), String> {
        self.say(database, variables, script).map(drop)
    }

    /// The rows that the statements of a script give, each a list of texts.
    #[track_caller]
    pub(crate) fn rows(&self, database: &str, variables: &[(&str, &str)], script: &str) -> Vec<Vec<String>> {
        let said = self.say(database, variables, script).unwrap_or_else(|error| panic!("{database}: {error}"));
        if self.is_postgres() {
            said.split_terminator(ROW).map(|row| row.split(COLUMN).map(str::to_owned).collect()).collect()
        } else {
            said.lines().map(|row| row.split('\t').map(str::to_owned).collect()).collect()
        }
    }

    fn say(&self, database: &str, variables: &[(&str, &str)], script: &str) -> Result<String, String> {
        let mut command = self.command(database, variables);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().map_err(|error| error.to_string())?;
        let mut input = child.stdin.take().expect("the input was asked to be a pipe");
        let output = std::thread::scope(|scope| {
            // A program that stops at an error closes its input early; its own message says more than the broken pipe.
            scope.spawn(move || drop(input.write_all(script.as_bytes())));
            child.wait_with_output()
        });
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let errors = said.lines().filter(|line| !line.contains("NOTICE:")).collect::<Vec<_>>();
        Err(errors.join("\n"))
    }

    fn command(&self, database: &str, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.program);
        if self.is_postgres() {
            command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
            command.arg(format!("--field-separator={COLUMN}")).arg("--record-separator-zero");
            for (name, value) in variables {
                command.arg("-v").arg(format!("{name}={value}"));
            }
            command.arg(self.url(database));
            return command;
        }
        let (login, address) = self.url.rsplit_once('@').expect("the URL of a test server has a login");
        let (user, password) =
            login.split_once("://").and_then(|(_, login)| login.split_once(':')).unwrap_or((login, ""));
        let (host, port) = address.rsplit_once(':').expect("the URL of a test server has a port");
        command.env("MYSQL_PWD", password).args([
            "--no-defaults",
            "--batch",
            "--skip-column-names",
            "--binary-mode",
            "--comments",
        ]);
        // The collation that belongs to the character set on this server, and not the one that the client was built with.
        command.args(["--protocol=tcp", "--default-character-set=utf8mb4", "--init-command=SET NAMES utf8mb4"]);
        command.args([format!("--host={host}"), format!("--port={port}"), format!("--user={user}")]).arg(database);
        command
    }
}

fn is_postgres(server: TestServer) -> bool {
    matches!(server, TestServer::Postgres15 | TestServer::Postgres18)
}
