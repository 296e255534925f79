//! TLS and Unix sockets on every server: one that demands encryption, with certificates made for the test, is met with every mode
//! there is, the right authority and a wrong one, the right name and a wrong one.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, KeyPair};
use stead_testkit::fixture::{Ended, Fixture, ended};
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15, Postgres18};

use crate::STEAD;
use crate::local::{KEPT, Local};

/// A server that takes no connection over TCP without TLS. It is the project's own server, started again with more words.
struct Secured {
    local: Local,
    child: Child,
    port: u64,
    password: String,
    /// Short, since a socket's path must be.
    sockets: tempfile::TempDir,
    certificates: PathBuf,
}

impl Secured {
    fn start(server: TestServer) -> Option<Self> {
        let local = Local::new(server)?;
        local.run(["up", "--no-init"]).exits(0);
        let (port, password) = (local.port(), local.password());
        let sockets = tempfile::Builder::new().prefix("tls").tempdir_in("/tmp").expect("a temporary folder");
        let mut words = local.stopped(sockets.path());
        let certificates = local.folder().join("certificates");
        fs::DirBuilder::new().mode(0o755).create(&certificates).expect("the volume's folder is ours");
        make_certificates(&certificates);
        for name in ["server.pem", "server.key"] {
            local.give(&certificates.join(name));
        }
        if server.kind() == "postgres" {
            let rules = local.folder().join("data/pg_hba.conf");
            let text = fs::read_to_string(&rules).expect("PostgreSQL has rules").replace("\nhost ", "\nhostssl ");
            let certified = "hostssl all certified all scram-sha-256 clientcert=verify-ca";
            fs::write(&rules, format!("{certified}\n{text}")).expect("the rules can be written");
        }
        words.extend(secured(server, &certificates));
        let child = local.start(&words);
        Some(Self { local, child, port, password, sockets, certificates })
    }

    /// The URL of a database, with options.
    fn url(&self, host: &str, options: &str) -> String {
        let user = if self.local.server.kind() == "postgres" { "postgres" } else { "root" };
        self.url_of(user, host, options)
    }

    /// The same for another user with that password.
    fn url_of(&self, user: &str, host: &str, options: &str) -> String {
        let (kind, password, port) = (self.local.server.kind(), &self.password, self.port);
        format!("{kind}://{user}:{password}@{host}:{port}/tls?{options}")
    }

    /// A project on that URL, with the authorities' certificates beside its file.
    fn project(&self, url: &str) -> Fixture {
        let project = Fixture::empty(STEAD);
        for name in ["right.pem", "wrong.pem", "own.pem", "own.key", "strange.pem", "strange.key"] {
            project.write(name, fs::read(self.certificates.join(name)).expect("it was made"));
            fs::set_permissions(project.path(name), fs::Permissions::from_mode(0o600)).expect("the test's own file");
        }
        project.write("stead.toml", format!("[project]\nname = \"tls\"\n[databases.far]\nurl = '{url}'\n"));
        project
    }

    fn connect(&self, host: &str, options: &str) -> Ended {
        self.connect_as(&self.url(host, options))
    }

    fn connect_as(&self, url: &str) -> Ended {
        let project = self.project(url);
        // Started from elsewhere: files are where the project says, not where somebody stands.
        let folder = project.path(".");
        let mut command = project.command(["wait", "--attempts", "1", "-C"]);
        let ended = ended(command.arg(folder).current_dir("/").output().expect("the binary was built"));
        assert!(!ended.err.contains(&self.password), "{}", ended.err);
        ended
    }

    /// Waits until it answers over its socket, where no TLS is asked for.
    fn wait(&self) {
        let project = self.project(&self.socket());
        project.run(["wait", "--attempts", "200", "--pause", "50"]).exits(0);
    }

    fn socket(&self) -> String {
        let folder = self.sockets.path().display();
        match self.local.server.kind() {
            "postgres" => {
                let (password, port) = (&self.password, self.port);
                format!("postgres://postgres:{password}@/tls?host={folder}&port={port}")
            }
            _ => self.url("localhost", &format!("socket={folder}/s")),
        }
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

/// The words that switch TLS on and everything else off.
fn secured(server: TestServer, certificates: &Path) -> Vec<String> {
    let path = |name: &str| certificates.join(name).display().to_string();
    match server.kind() {
        "postgres" => vec![
            "-c".to_owned(),
            "ssl=on".to_owned(),
            "-c".to_owned(),
            format!("ssl_cert_file={}", path("server.pem")),
            "-c".to_owned(),
            format!("ssl_key_file={}", path("server.key")),
            "-c".to_owned(),
            format!("ssl_ca_file={}", path("right.pem")),
        ],
        _ => vec![
            format!("--ssl-cert={}", path("server.pem")),
            format!("--ssl-key={}", path("server.key")),
            format!("--ssl-ca={}", path("right.pem")),
            "--require-secure-transport=ON".to_owned(),
        ],
    }
}

/// Two authorities, of which the server knows one; a certificate of that one for the name `localhost`; and one of each for a
/// client.
fn make_certificates(folder: &Path) {
    let write = |name: &str, text: String, mode: u32| {
        fs::write(folder.join(name), text).expect("the test's own folder");
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).expect("the test's own file");
    };
    let signed = |name: &str, of: &str, (authority, key): &(Certificate, KeyPair)| {
        let own = KeyPair::generate().expect("a key");
        let mut names = CertificateParams::new(vec![of.to_owned()]).expect("a name");
        names.distinguished_name.push(DnType::CommonName, of);
        let signed = names.signed_by(&own, authority, key).expect("a certificate");
        write(&format!("{name}.pem"), signed.pem(), 0o644);
        write(&format!("{name}.key"), own.serialize_pem(), 0o600);
    };
    let (right, wrong) = (authority("right"), authority("wrong"));
    write("right.pem", right.0.pem(), 0o644);
    write("wrong.pem", wrong.0.pem(), 0o644);
    signed("server", "localhost", &right);
    signed("own", "certified", &right);
    signed("strange", "certified", &wrong);
}

fn authority(name: &str) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(Vec::new()).expect("no name");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, format!("the {name} authority"));
    (parameters.self_signed(&key).expect("a certificate"), key)
}

/// Every mode against a server that insists: the options, the host, and the words of the refusal, none where it is let in.
fn modes(server: TestServer) -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    match server.kind() {
        "postgres" => vec![
            ("", "127.0.0.1", None),
            ("sslmode=disable", "localhost", Some("does not let us in")),
            ("sslmode=require", "127.0.0.1", None),
            ("sslmode=require&sslrootcert=wrong.pem", "localhost", Some("certificate")),
            ("sslmode=verify-ca&sslrootcert=right.pem", "127.0.0.1", None),
            ("sslmode=verify-ca&sslrootcert=wrong.pem", "localhost", Some("certificate")),
            ("sslmode=verify-full&sslrootcert=right.pem", "localhost", None),
            ("sslmode=verify-full&sslrootcert=right.pem", "127.0.0.1", Some("certificate")),
            ("sslmode=verify-full&sslrootcert=wrong.pem", "localhost", Some("certificate")),
            ("sslmode=verify-full", "localhost", Some("certificate")),
            ("sslmode=verify-full&sslrootcert=absent.pem", "localhost", Some("absent.pem")),
        ],
        _ => vec![
            ("", "127.0.0.1", None),
            ("ssl-mode=disabled", "localhost", Some("does not let us in")),
            ("ssl-mode=required", "127.0.0.1", None),
            ("ssl-mode=verify-ca&ssl-ca=right.pem", "127.0.0.1", None),
            ("ssl-mode=verify-ca&ssl-ca=wrong.pem", "localhost", Some("certificate")),
            ("ssl-mode=verify-identity&ssl-ca=right.pem", "localhost", None),
            ("ssl-mode=verify-identity&ssl-ca=right.pem", "127.0.0.1", Some("certificate")),
            ("ssl-mode=verify-identity&ssl-ca=wrong.pem", "localhost", Some("certificate")),
            ("ssl-mode=verify-identity", "localhost", Some("certificate")),
            ("ssl-mode=verify-identity&ssl-ca=absent.pem", "localhost", Some("absent.pem")),
        ],
    }
}

fn encryption_is_what_the_url_asks_for(server: TestServer) {
    let Some(secured) = Secured::start(server) else { return };
    secured.wait();
    for (options, host, refusal) in modes(server) {
        let ended = secured.connect(host, options);
        match refusal {
            None => assert_eq!(ended.code, 0, "`{options}` at {host}: {}", ended.err),
            Some(words) => {
                assert_eq!(ended.code, 7, "`{options}` at {host}: {}", ended.err);
                assert!(ended.err.contains(words), "`{options}` at {host} does not say `{words}`: {}", ended.err);
                assert!(
                    ended.err.contains("`far`") && ended.err.contains("hint"),
                    "`{options}` at {host}: {}",
                    ended.err
                );
            }
        }
    }
    certificates_of_clients_are_shown(&secured);
    a_whole_life(&secured);
    certificates_of_version_1_are_no_objection(&secured);
}

/// The recipe of PostgreSQL's manual makes a certificate of version 1 of X.509, which TLS by Rust cannot read. Where nobody's
/// identity is checked it is none the worse; where somebody wants to read it all the same, the refusal says what it is.
fn certificates_of_version_1_are_no_objection(secured: &Secured) {
    let server = secured.local.server;
    for (name, text) in [("pem", include_str!("version1.pem")), ("key", include_str!("version1.key"))] {
        fs::write(secured.certificates.join(format!("server.{name}")), text).expect("the volume's folder is ours");
    }
    let modes = if server.kind() == "postgres" {
        secured.local.sql_at(secured.port, "SELECT pg_reload_conf()");
        ["", "sslmode=require", "sslmode=require&channel_binding=require", "sslmode=verify-full&sslrootcert=right.pem"]
    } else {
        let again = if server == Mysql { "ALTER INSTANCE RELOAD TLS" } else { "FLUSH SSL" };
        secured.local.sql_at(secured.port, again);
        ["", "ssl-mode=required", "ssl-mode=verify-ca&ssl-ca=right.pem", "ssl-mode=verify-identity&ssl-ca=right.pem"]
    };
    for (mode, checked) in modes.into_iter().zip([false, false, true, true]) {
        let ended = secured.connect("localhost", mode);
        let refused = checked || server.kind() != "postgres";
        assert_eq!(ended.code, if refused { 7 } else { 0 }, "`{mode}`: {}", ended.err);
        // Without a mode this machine's own server is asked in plain first, and it says that it insists.
        assert!(!refused || mode.is_empty() || ended.err.contains("version 1 of X.509"), "`{mode}`: {}", ended.err);
    }
}

/// A user whom the server lets in with a certificate only.
fn certificates_of_clients_are_shown(secured: &Secured) {
    let (password, server) = (&secured.password, secured.local.server);
    let (user, options): (String, [(&str, bool); 3]) = if server.kind() == "postgres" {
        (
            format!("CREATE ROLE certified LOGIN SUPERUSER PASSWORD '{password}'"),
            [
                ("sslmode=require", false),
                ("sslmode=require&sslcert=strange.pem&sslkey=strange.key", false),
                ("sslmode=verify-full&sslrootcert=right.pem&sslcert=own.pem&sslkey=own.key", true),
            ],
        )
    } else {
        (
            format!(
                "CREATE USER certified@'%' IDENTIFIED BY '{password}' REQUIRE X509;\n\
                 GRANT ALL ON *.* TO certified@'%' WITH GRANT OPTION"
            ),
            [
                ("ssl-mode=required", false),
                ("ssl-mode=required&ssl-cert=strange.pem&ssl-key=strange.key", false),
                ("ssl-mode=verify-identity&ssl-ca=right.pem&ssl-cert=own.pem&ssl-key=own.key", true),
            ],
        )
    };
    let project = kept_in(secured, &secured.socket());
    let revision = format!("-- Users\n-- revision: 0a0a0a0a0a0a\n-- parent: 11aa22bb33cc\n\n-- up\n{user};\n");
    project.write("app/migrations/0002_users.sql", revision);
    project.run(["init"]).exits(0);
    for (options, let_in) in options {
        let url = secured.url_of("certified", "localhost", options);
        let ended = secured.connect_as(&url);
        assert_eq!(ended.code, if let_in { 0 } else { 7 }, "`{options}`: {}", ended.err);
        if let_in {
            the_shell_connects_the_same_way(&secured.project(&url), server);
        }
    }
    project.run(["database", "destroy", "far", "--yes"]).exits(0);
}

/// A project on that URL with a table and a seed of two rows.
fn kept_in(secured: &Secured, url: &str) -> Fixture {
    let project = secured.project(url);
    project.write("app/migrations/0001_kept.sql", KEPT);
    project.write("seed.sql", "INSERT INTO kept VALUES (1), (2);\n");
    let more = "[apps.own]\npath = \"app\"\ndatabase = \"far\"\n[seed]\nsteps = [{ sql = \"seed.sql\" }]\n";
    project.write("stead.toml", format!("{}{more}", project.read("stead.toml")));
    project
}

/// Everything goes through an encrypted connection, and through a socket: also bulk work, cancellation and locks, which open
/// connections of their own.
fn a_whole_life(secured: &Secured) {
    let options = match secured.local.server.kind() {
        "postgres" => "sslmode=verify-full&sslrootcert=right.pem",
        _ => "ssl-mode=verify-identity&ssl-ca=right.pem",
    };
    for url in [secured.url("localhost", options), secured.socket()] {
        let project = kept_in(secured, &url);
        project.run(["init"]).exits(0);
        the_shell_connects_the_same_way(&project, secured.local.server);
        project.run(["dump", "--name", "b"]).exits(0).says("2 rows");
        project.run(["load", "b"]).exits(0).says("2 rows");
        project.run(["undo"]).exits(0);
        project.run(["check"]).exits(0);
        project.run(["reset", "--yes"]).exits(0);
        project.run(["database", "destroy", "far", "--yes"]).exits(0);
    }
}

/// The engine's own client gets in too, where it is installed; a server that insists on encryption lets nobody else in.
fn the_shell_connects_the_same_way(project: &Fixture, server: TestServer) {
    let program = if server.kind() == "postgres" { "psql" } else { "mysql" };
    if Command::new(program).arg("--version").output().is_err() {
        stead_testkit::skip::skip("client", &format!("`{program}` is not installed"));
        return;
    }
    let mut command = project.command(["database", "shell", "far"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary was built");
    let mut input = child.stdin.take().expect("it is a pipe");
    input.write_all(b"SELECT 40 + count(*) FROM kept;\n").expect("the client reads");
    drop(input);
    let ended = child.wait_with_output().expect("it can be waited for");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && out.contains("42"), "{out}{err}");
}

#[test]
fn on_postgres15_encryption_is_what_the_url_asks_for() {
    encryption_is_what_the_url_asks_for(Postgres15);
}

#[test]
fn on_postgres18_encryption_is_what_the_url_asks_for() {
    encryption_is_what_the_url_asks_for(Postgres18);
}

#[test]
fn on_mariadb_encryption_is_what_the_url_asks_for() {
    encryption_is_what_the_url_asks_for(Mariadb);
}

#[test]
fn on_mysql_encryption_is_what_the_url_asks_for() {
    encryption_is_what_the_url_asks_for(Mysql);
}
