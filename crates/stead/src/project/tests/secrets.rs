//! A password goes in everywhere a password can, and must come out nowhere but where a driver asks for it.

use super::super::mask::{blotted, masked, secret_ranges_of_broken_source};
use super::super::{DatabaseLocation, IndexEngine, SeedAction};
use super::*;

const CANARY: &str = "kanarienvogel-4711";

fn leaky() -> Folder {
    let text = format!(
        r#"include = ["base.toml"]
[databases.plain]
url = "postgres://user:{CANARY}@db/plain?sslpassword={CANARY}" # was postgres://user:{CANARY}@old/plain
[databases.referenced]
url = "mysql://user:${{DB_PW}}@db/referenced"
[databases.whole]
url = "${{WHOLE_URL}}"
[databases.odd]
url = 'postgres://user:{CANARY}"@x{CANARY}@db/odd'
[databases.kept]
url = {{ secret = "{CANARY}" }}
[databases.argument]
[databases.variable]
[[seed.steps]]
run = ["seed", "--password", "{CANARY}", "token={CANARY}", "--url", "mysql://u:{CANARY}@h", "${{API_TOKEN}}"]
database = "plain"
[indexes.remote]
database = "plain"
documents = "i.sql"
engine = "https://user:{CANARY}@search:9200"
[storage]
path = "files-${{MY_SECRET}}"
"#
    );
    Folder::named(&text)
        .file("base.toml", format!("[databases.included]\nurl = \"\"\"mysql://u:{CANARY}@h/inc\"\"\"\n"))
        .variable("DB_PW", CANARY)
        .variable("WHOLE_URL", &format!("postgres://user:{CANARY}@db/whole"))
        .variable("API_TOKEN", CANARY)
        .variable("MY_SECRET", CANARY)
        .variable("UNRELATED", CANARY)
        .variable("STEAD__DATABASES__VARIABLE__URL", &format!("mariadb://user:{CANARY}@db/variable"))
        .argument("databases.argument.url", &format!("mariadb://user:{CANARY}@db/argument"))
}

#[test]
fn row_134_effective_settings_show_origins_and_mask_secrets() {
    let listed = listed(&leaky().project());
    let expected = [
        r#"databases.argument.url = "mariadb://user:***@db/argument" (--set databases.argument.url)"#,
        r#"databases.included.url = "mysql://u:***@h/inc" (base.toml:2:7)"#,
        r#"databases.kept.url.secret = "***" (stead.toml:13:18)"#,
        r#"databases.odd.url = "postgres://user:***@db/odd" (stead.toml:11:7)"#,
        r#"databases.plain.url = "postgres://user:***@db/plain?sslpassword=***" (stead.toml:5:7)"#,
        r#"databases.referenced.url = "mysql://user:***@db/referenced" (stead.toml:7:7)"#,
        r#"databases.variable.url = "mariadb://user:***@db/variable" (STEAD__DATABASES__VARIABLE__URL)"#,
        r#"databases.whole.url = "postgres://user:***@db/whole" (stead.toml:9:7)"#,
        r#"indexes.remote.database = "plain" (stead.toml:20:12)"#,
        r#"indexes.remote.documents = "i.sql" (stead.toml:21:13)"#,
        r#"indexes.remote.engine = "https://user:***@search:9200" (stead.toml:22:10)"#,
        "project.environment = \"development\" (default)",
        "project.format = 1 (default)",
        r#"project.include = ["base.toml"] (stead.toml:3:11)"#,
        r#"project.lock_timeout = "10m" (default)"#,
        r#"project.name = "addons" (stead.toml:2:8)"#,
        "project.protected = false (default)",
        r#"seed.steps[0].database = "plain" (stead.toml:18:12)"#,
        r#"seed.steps[0].run = ["seed","--password","***","token=***","--url","mysql://u:***@h","***"] (stead.toml:17:7)"#,
        r#"storage.path = "files-***" (stead.toml:24:8)"#,
        "undo.keep = 3 (default)",
    ];
    assert_eq!(listed, expected);
}

#[test]
fn defaults_are_listed_with_their_values() {
    let project = Folder::named("[databases.d]\n[apps.a]\npath = \"app\"\n").project();
    assert_eq!(setting(&project, "databases.d.url"), ("\"sqlite:.stead/development/d.db\"".into(), "default".into()));
    assert_eq!(setting(&project, "apps.a.database"), ("\"d\"".into(), "default".into()));
}

#[test]
fn what_is_masked_can_still_be_used() {
    let project = leaky().project();
    let url = |name: &str| match project.database_location(name) {
        Some(DatabaseLocation::Server { url, .. }) => url.expose().to_owned(),
        Some(DatabaseLocation::Secret(secret)) => secret.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(url("referenced"), format!("mysql://user:{CANARY}@db/referenced"));
    assert_eq!(url("argument"), format!("mariadb://user:{CANARY}@db/argument"));
    assert_eq!(url("kept"), CANARY);
    assert!(matches!(&project.indexes["remote"].engine, IndexEngine::Server(url) if url.expose().contains(CANARY)));
    let SeedAction::Run { command } = &project.seed[0].action else { panic!() };
    assert_eq!(command.words()[2], CANARY);
}

#[test]
fn no_debug_or_display_shows_the_canary() {
    let folder = leaky();
    let mut project = folder.project();
    // A path is no secret to a file system, so the one type that holds it in the open is looked at on its own.
    let storage = project.storage.take().unwrap();
    assert!(storage.path.ends_with(format!("files-{CANARY}")));
    let mut texts = vec![
        format!("{project:?}"),
        format!("{project:#?}"),
        format!("{:?}", folder.options),
        format!("{:#?}", folder.options),
    ];
    texts.extend(
        project
            .settings()
            .iter()
            .map(|setting| format!("{setting} {setting:?} {} {:?}", setting.value_text(), setting.origin.label())),
    );
    for setting in project.settings() {
        texts.extend(setting.origin.label().map(|label| label.text.to_string()));
    }
    for database in project.databases.values() {
        texts.push(format!("{database:?} {:?}", database.location));
    }
    let SeedAction::Run { command } = &project.seed[0].action else { panic!() };
    texts.push(format!("{command} {command:?}"));
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn no_error_shows_the_canary() {
    let cases = [
        format!("[databases.d]\nurl = \"postgress://user:{CANARY}@db/main\"\n"),
        format!("[databases.d]\nurl = \"user:{CANARY}@tcp(db)/main\"\n"),
        format!("[databases.d]\nurl = \"host=db password={CANARY}\"\n"),
        format!("[databases.d]\nurl = \"host=db password='{CANARY} x'\"\n"),
        format!("[databases.d]\nurl = \"postgres://u:\\u006b{CANARY}@db/main x\"\n"),
        format!("[databases.d]\nurl = 'postgres://u:a\"b{CANARY}@db/main x'\n"),
        format!("[databases.d]\npassword = \"{CANARY}\"\n"),
        format!("[databases.d]\nadmin-token = [\"{CANARY}\"]\n"),
        format!("[databases.d]\nsecret = 5\npasswd = '''\n{CANARY}'''\n"),
        format!("[databases.d]\nurl = {{ secret = [\"{CANARY}\"] }}\n"),
        format!("[databases.d]\nurl = {{ secret = \"x\", token = \"{CANARY}\" }}\n"),
        format!("[databases.d]\nurl = postgres://user:{CANARY}@db/main\n"),
        format!("[databases.d]\nurl = \"postgres://user:{CANARY}@db/main\n"),
        format!("[databases.d]\npassword = \"{CANARY}\" \"\n"),
        format!("[databases.d]\npassword = \"\"\"\n{CANARY}\n"),
        format!("[databases.d]\nurl = 'postgres://u:p' q\"{CANARY}@h'\n"),
        format!("[databases.d]\nurl = 5 # postgres://user:{CANARY}@db/main\n"),
        format!("[[seed.steps]]\nrun = [\"x\", \"--api-token\", \"{CANARY}\"]\nsql = \"y\"\n"),
        format!("[indexes.i]\nengine = \"ftp://u:{CANARY}@h\"\n"),
        "[undo]\nkeep = \"${LEAK}\"\nkept = \"${LEAK}\"\n[servers.s]\nkind = \"${LEAK}\"\n[databases.e]\nurl = \"${LEAK}\"\n".to_owned(),
    ];
    for text in &cases {
        let folder = Folder::named(text).variable("LEAK", CANARY);
        assert_hidden(&folder, text);
    }
    for value in [
        format!("postgress://u:{CANARY}@h/d"),
        format!("{{ secret = \"{CANARY}\", x = 1 }}"),
        format!("{{ secret = \"{CANARY}\""),
        format!("host=h password={CANARY}"),
    ] {
        let folder = Folder::named("[databases.d]\n[databases.e]\n").argument("databases.d.url", &value);
        assert_hidden(&folder.variable("STEAD__DATABASES__E__URL", &value), &value);
    }
    let folder = Folder::named("").argument("databases.d.password", CANARY).variable("STEAD__UNDO__TOKEN", CANARY);
    assert_hidden(&folder, "secret keys");
}

#[track_caller]
fn assert_hidden(folder: &Folder, case: &str) {
    let errors = folder.load().expect_err(case);
    let mut texts = vec![format!("{errors} {errors:?} {errors:#?} {:?}", errors.hints())];
    for error in errors.errors() {
        texts.push(format!("{error} {error:?} {:?} {:?}", error.problem(), error.hints()));
        texts.extend(error.label().map(|label| format!("{label:?} {}", label.text)));
    }
    for text in texts {
        assert!(!text.contains(CANARY), "{case}\nshows: {text}");
    }
}

#[test]
fn masks() {
    let cases = [
        ("postgres://u:p@h/d", "postgres://u:***@h/d"),
        ("postgres://u@h/d", "postgres://u@h/d"),
        ("postgres://u:@h/d", "postgres://u:@h/d"),
        ("postgres://h:5432/d", "postgres://h:5432/d"),
        ("postgres://u:a@b/c:d@h/d", "postgres://u:***@h/d"),
        ("postgres://u:${PW}@h/d", "postgres://u:${PW}@h/d"),
        ("postgres://h/d?user=u&password=p&x=1", "postgres://h/d?user=u&password=***&x=1"),
        ("DB_PASS=geheim seed", "DB_PASS=*** seed"),
        ("PGPASS=p;dbPass=q;ACCESS_KEY=r", "PGPASS=***;dbPass=***;ACCESS_KEY=***"),
        ("passes=2 passenger=x by=pw", "passes=2 passenger=x by=pw"),
        ("sqlite:data@home:x/y@z.db", "sqlite:data@home:x/y@z.db"),
        ("u:p@tcp(h)", "u:***@tcp(h)"),
        ("SELECT a FROM b WHERE c = ':x' AND d LIKE '@'", "SELECT a FROM b WHERE c = ':x' AND d LIKE '@'"),
        ("user@example.org", "user@example.org"),
        ("", ""),
        ("@", "@"),
        ("://@", "://@"),
    ];
    for (text, expected) in cases {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn blots_keep_offsets_and_lines() {
    let text = "password = \"\"\"\r\nä€😀\r\n";
    let blot = blotted(text, secret_ranges_of_broken_source(text));
    assert_eq!(blot.len(), text.len());
    assert_eq!(blot.lines().count(), text.lines().count());
    assert!(!blot.contains('€'), "{blot}");
}

#[test]
fn variables_are_named_in_the_options_only_by_number() {
    let options = LoadOptions {
        variables: variables(&[("A", CANARY)]),
        arguments: vec![("a.b".into(), CANARY.into())],
        ..LoadOptions::default()
    };
    let text = format!("{options:?}");
    assert!(text.contains("\"a.b\"") && text.contains("variables: 1") && !text.contains(CANARY), "{text}");
}
