//! Row 156: a planted password is found nowhere. Every command there is gets run, on every engine, with a server that answers and
//! with servers that fail in each way; what is printed, what lies on disk, what stands in a ledger, and what other programs get to
//! see is searched for the password as it is, percent-encoded, in base64 and in hexadecimal.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use stead_testkit::fixture::{Ended, Fixture, Home, ended};

/// No word of any language, so that nothing else can be meant; the signs around it must be encoded in a URL.
const PASSWORD: &str = "Zaun+könig/7f3c91e4b2@x";
/// The same in a URL.
const ENCODED: &str = "Zaun%2Bk%C3%B6nig%2F7f3c91e4b2%40x";
/// The part that is the same in both, and in JSON and in SQL.
const CORE: &[u8] = b"7f3c91e4b2";
/// The variable that a project reads a URL from.
const VARIABLE: &str = "CANARY_ADDRESS";

/// Every command in an order in which nearly all of them have something to do, with the exit code on a server that answers.
const PLAYS: &[(u8, &[&str])] = &[
    (0, &["init", "--dry-run"]),
    (0, &["init"]),
    (0, &["status"]),
    (0, &["check"]),
    (0, &["wait", "--attempts", "1"]),
    (0, &["up", "--no-init"]),
    (0, &["down"]),
    (0, &["volume", "list"]),
    (2, &["volume", "path", "main"]),
    (2, &["volume", "remove", "main", "--yes"]),
    (0, &["history"]),
    (0, &["heads"]),
    (0, &["current"]),
    (0, &["show", "shop@head"]),
    (0, &["schema", "print"]),
    (0, &["schema", "print", "database:main"]),
    (0, &["database", "list"]),
    (0, &["database", "shell", "main"]),
    (0, &["database", "shell", "stats", "--", "more"]),
    (0, &["dump", "--name", "b"]),
    (0, &["dump", "--stdout"]),
    (0, &["snapshots", "list"]),
    (0, &["snapshots", "show", "b"]),
    (0, &["snapshots", "verify", "b"]),
    (0, &["load", "b"]),
    (0, &["undo", "--list"]),
    (0, &["undo"]),
    (0, &["index", "build"]),
    (0, &["index", "status"]),
    (0, &["index", "verify"]),
    (0, &["search", "items", "hammer"]),
    (0, &["seed"]),
    (0, &["downgrade", "-1", "--app", "shop", "--yes"]),
    (0, &["upgrade"]),
    (0, &["stamp", "head", "--app", "shop"]),
    (0, &["reset", "--yes"]),
    (0, &["undo"]),
    (0, &["init", "--load", "b"]),
    (0, &["snapshots", "remove", "b", "--yes"]),
    (0, &["index", "drop", "items", "--yes"]),
    (0, &["config"]),
    (0, &["config", "databases"]),
    (0, &["completions", "bash"]),
    (0, &["new", "elsewhere"]),
    (0, &["revision", "-m", "more", "--app", "shop"]),
    (0, &["database", "destroy", "stats", "--yes"]),
    (0, &["reference"]),
];

/// The commands of the program as it says them itself, those that only hold others left out.
fn commands(fixture: &Fixture) -> BTreeSet<String> {
    let reference = fixture.run(["reference"]).exits(0).out;
    let titles = reference.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(" stead "));
    let titles: BTreeSet<String> = titles.map(str::to_owned).collect();
    let holds_others = |title: &str| titles.iter().any(|other| other.starts_with(&format!("{title} ")));
    titles.iter().filter(|title| !holds_others(title)).cloned().collect()
}

#[test]
fn row_156_no_command_is_forgotten() {
    let commands = commands(&crate::empty());
    assert!(commands.len() > 30 && commands.contains("index build"), "{commands:?}");
    let plays: Vec<String> = PLAYS.iter().map(|(_, words)| format!("{} ", words.join(" "))).collect();
    let forgotten: Vec<&String> =
        commands.iter().filter(|command| !plays.iter().any(|play| play.starts_with(&format!("{command} ")))).collect();
    assert_eq!(forgotten, Vec::<&String>::new(), "a new command needs a play in this file");
}

every_engine! {
    #[test]
    fn row_156_a_planted_password_is_found_nowhere(fixture: project) {
        let home = fixture.home();
        std::thread::scope(|scope| {
            for failure in Failure::ALL {
                scope.spawn(move || a_failing_server(home, failure));
            }
            match home {
                Home::Files => {}
                Home::On(_) => a_server_that_answers(fixture),
            }
        });
    }
}

/// People put the password where the name of a secret belongs, and into files that are not TOML.
#[test]
fn row_156_a_password_in_a_wrong_place_is_found_nowhere() {
    let fixture = crate::project();
    let sound = fixture.read("stead.toml");
    let wrong = [
        format!("{sound}\n[databases.other]\nurl = {{ secret = \"{PASSWORD}\" }}\n"),
        format!("{sound}\n[databases.other]\nurl = \"postgres://me:{PASSWORD}@host/x\nnonsense\n"),
        format!("{sound}\n[servers.own]\nkind = \"postgres\"\npassword = \"{PASSWORD}\"\n"),
    ];
    arrange(&fixture);
    for project in wrong {
        fixture.write("stead.toml", project);
        for (_, words) in PLAYS {
            play(&fixture, words, "");
        }
        search_files(&fixture);
    }
}

/// The password is right, in the project file for one database and in a variable for the other.
fn a_server_that_answers(fixture: Fixture) {
    let login = Login::make(fixture);
    let fixture = &login.fixture;
    let project = fixture.read("stead.toml");
    let (address, name) = (url_of(&project, "stats"), fixture.name_on_server("canary"));
    let planted = planted(&address, &name);
    fixture.write("stead.toml", project.replace(&address, &format!("${{{VARIABLE}}}")));
    let main = url_of(&project, "main");
    fixture.replace("stead.toml", &main, &self::planted(&main, &name));
    arrange(fixture);
    for (code, words) in PLAYS {
        let plain = play(fixture, words, &planted);
        assert_eq!(i32::from(*code), plain.code, "{words:?}\n{}\n{}", plain.out, plain.err);
        let with_json: Vec<&str> = [&words[..1], &["--json"], &words[1..]].concat();
        play(fixture, &with_json, &planted);
    }
    for words in typed(&self::planted(&main, &name)) {
        play(fixture, &words.iter().map(String::as_str).collect::<Vec<_>>(), &planted);
    }
    fixture.run_with(&[(VARIABLE, &planted)], ["init"]).exits(0);
    for database in ["main", "stats"] {
        for table in ["stead_ledger", "stead_marker"] {
            let rows = fixture.rows(database, &format!("SELECT * FROM {table}"));
            assert!(!shows(format!("{rows:?}").as_bytes()), "{table} in {database}: {rows:?}");
        }
    }
    let clients = fs::read_dir(fixture.path("seen")).expect("programs have been seen").count();
    assert!(clients >= 4, "two shells and two seeds: {clients}");
    search_files(fixture);
}

/// What people type with a password in it, rightly and wrongly.
fn typed(url: &str) -> Vec<Vec<String>> {
    let setting = |text: String| vec!["--set".to_owned(), text, "status".to_owned()];
    let (_, rest) = url.split_once("://").expect("a URL");
    vec![
        setting(format!("databases.main.url={url}")),
        setting(format!("databases.main.url={url}?nonsense={ENCODED}")),
        setting(format!("databases.main.url=nonsense://{rest}")),
        setting(format!("databases.main.password={PASSWORD}")),
        setting(format!("databases.main={PASSWORD}")),
        vec!["schema".into(), "print".into(), url.into()],
        vec!["schema".into(), "print".into(), format!("nonsense://{rest}")],
        vec!["schema".into(), "print".into(), url.replace("127.0.0.1:", "127.0.0.1:x")],
    ]
}

/// How a server fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// Nobody listens.
    Port,
    /// No such machine.
    Host,
    /// The password is wrong; it is the planted one.
    Password,
    /// Somebody listens and hangs up at once.
    HangsUp,
    /// TLS is demanded, and not to be had.
    Tls,
}

impl Failure {
    const ALL: [Self; 5] = [Self::Port, Self::Host, Self::Password, Self::HangsUp, Self::Tls];
}

fn a_failing_server(home: Home, failure: Failure) {
    let Some(fixture) = crate::project::at(home) else { return };
    let gate = stead_testkit::fixture::Gate::before("127.0.0.1:1");
    gate.let_through(0);
    let plain = fixture.read("stead.toml");
    let original = match home {
        Home::Files => {
            fixture.write("stead.toml", format!("{plain}\n[databases.other]\nurl = \"${{{VARIABLE}}}\"\n"));
            "postgres://app@127.0.0.1:1/app".to_owned()
        }
        Home::On(_) => {
            let main = url_of(&plain, "main");
            fixture.write("stead.toml", plain.replace(&main, &format!("${{{VARIABLE}}}")));
            main
        }
    };
    let user = if home.is_mysql() { "root" } else { "postgres" };
    let url = planted(&original, user);
    let place = url.rsplit_once('@').expect("a URL").1.split('/').next().expect("a place").to_owned();
    let url = match failure {
        Failure::Port => url.replace(&place, "127.0.0.1:1"),
        Failure::Host => url.replace(&place, "no-such-host.invalid"),
        Failure::Password => url,
        Failure::HangsUp => url.replace(&place, &format!("127.0.0.1:{}", gate.port)),
        Failure::Tls if home.is_mysql() => format!("{url}?ssl-mode=verify-identity"),
        Failure::Tls => format!("{url}?sslmode=verify-full"),
    };
    arrange(&fixture);
    let mut failed = 0;
    for (position, (_, words)) in PLAYS.iter().enumerate() {
        let is_slow = words[0] == "init" && words.len() > 1;
        if !is_slow {
            let json: &[&str] = if position % 2 == 0 { &["--json"] } else { &[] };
            let ended = play(&fixture, &[&words[..1], json, &words[1..]].concat(), &url);
            failed += u32::from(ended.code == 7);
        }
    }
    assert!(failed >= 10, "{failure:?}: {failed} commands noticed");
    search_files(&fixture);
}

/// A login of its own with the planted password, and the project that uses it; both go together.
struct Login {
    fixture: Fixture,
}

impl Login {
    fn make(fixture: Fixture) -> Self {
        let name = fixture.name_on_server("canary");
        if fixture.home().is_mysql() {
            fixture.on_server(&format!("CREATE USER '{name}'@'%' IDENTIFIED BY '{PASSWORD}'"));
            fixture.on_server(&format!("GRANT ALL ON *.* TO '{name}'@'%' WITH GRANT OPTION"));
        } else {
            fixture.on_server(&format!("CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
        }
        Self { fixture }
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.fixture.remove_databases();
        let name = self.fixture.name_on_server("canary");
        if self.fixture.home().is_mysql() {
            self.fixture.on_server(&format!("DROP USER '{name}'@'%'"));
            return;
        }
        // Whoever locks first on a server makes the table of holders, which stays.
        self.fixture.on_server(&format!("REASSIGN OWNED BY {name} TO CURRENT_USER"));
        self.fixture.on_server(&format!("DROP ROLE {name}"));
    }
}

/// The URL of a database in a project file.
fn url_of(project: &str, database: &str) -> String {
    let section = project.split(&format!("[databases.{database}]\nurl = \"")).nth(1).expect("the database has a URL");
    section.split('"').next().expect("a quoted text").to_owned()
}

/// The same URL with another login.
fn planted(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let place = rest.rsplit_once('@').expect("a URL with a login").1;
    format!("{scheme}://{user}:{ENCODED}@{place}")
}

/// Programs that write down what they get to see: the engines' clients, and the program of the seed. What they need is left out.
fn arrange(fixture: &Fixture) {
    let seen = format!(
        "mkdir -p \"$HOME/seen\"\nexec 3> \"$HOME/seen/$$\"\nprintf '%s\\n' \"$0\" \"$@\" >&3\n\
         tr '\\0' '\\n' < /proc/$PPID/cmdline >&3\nenv | grep -v -e ^PGPASSWORD= -e ^MYSQL_PWD= -e ^STEAD_DATABASE_ -e ^{VARIABLE}= >&3\n"
    );
    for client in ["psql", "mysql", "mariadb", "sqlite3"] {
        let path = format!("bin/{client}");
        fixture.write(&path, format!("#!/bin/sh\n{seen}test -n \"$PGPASSWORD$MYSQL_PWD\"\n"));
        fs::set_permissions(fixture.path(&path), fs::Permissions::from_mode(0o755)).expect("the test's own file");
    }
    let program = fixture.read("seed/files.sh");
    fixture.write("seed/files.sh", format!("{seen}{program}"));
    fs::create_dir_all(fixture.path("tmp")).expect("the test's own folder");
}

/// Runs a command as verbosely as anybody may think of, and searches what it prints.
#[track_caller]
fn play(fixture: &Fixture, words: &[&str], url: &str) -> Ended {
    let path = format!("{}:{}", fixture.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut command = fixture.command(words);
    command.env("PATH", path).env(VARIABLE, url).env("TMPDIR", fixture.path("tmp"));
    command.env("RUST_LOG", "trace").env("STEAD_LOG", "trace").env("RUST_BACKTRACE", "full").env("DEBUG", "1");
    let ended = ended(command.output().expect("the binary was built"));
    for text in [&ended.out, &ended.err] {
        assert!(!shows(text.as_bytes()), "{:?} shows the password:\n{}\n{}", words[0], ended.out, ended.err);
    }
    assert!(ended.code != 70 && !ended.err.contains("panicked"), "{words:?}\n{}\n{}", ended.out, ended.err);
    ended
}

/// Searches every file of the project except the one in which the password is planted.
#[track_caller]
fn search_files(fixture: &Fixture) {
    let root = fixture.path(".");
    for path in fixture.tree(".").into_keys().filter(|path| path != "stead.toml") {
        let bytes = fs::read(root.join(&path)).unwrap_or_default();
        assert!(!shows(&bytes) && !shows(path.as_bytes()), "{}", Path::new(&path).display());
    }
}

/// Whether bytes hold the password in any of its forms.
fn shows(bytes: &[u8]) -> bool {
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let hexadecimal: String = CORE.iter().map(|byte| format!("{byte:02x}")).collect();
    holds(CORE)
        || holds(hexadecimal.as_bytes())
        || holds(hexadecimal.to_uppercase().as_bytes())
        || (0..3).any(|shift| holds(&in_base64(CORE, shift)))
}

/// What base64 makes of bytes that begin so many bytes after the start of a group: the letters that hang on nothing else.
fn in_base64(bytes: &[u8], shift: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded: Vec<u8> = std::iter::repeat_n(0, shift).chain(bytes.iter().copied()).collect();
    let bit = |at: usize| usize::from(padded[at / 8] >> (7 - at % 8) & 1);
    let letters = (shift * 8).div_ceil(6)..padded.len() * 8 / 6;
    letters.map(|letter| LETTERS[(0..6).fold(0, |value, at| value << 1 | bit(letter * 6 + at))]).collect()
}

#[test]
fn the_search_finds_every_form() {
    assert_eq!(in_base64(b"Man", 0), b"TWFu");
    for text in [PASSWORD, ENCODED, "{\"a\": \"Zaun+k\\u00f6nig\\/7f3c91e4b2@x\"}", "37663363393165346232"] {
        assert!(shows(text.as_bytes()), "{text}");
    }
    // `user:PASSWORD` of three lengths, as in a header.
    for text in ["dTo3ZjNjOTFlNGIyOg==", "dXM6N2YzYzkxZTRiMjo=", "dXNlOjdmM2M5MWU0YjI6"] {
        assert!(shows(text.as_bytes()), "{text}");
    }
    assert!(!shows(b"7f3c91e4b"));
}
