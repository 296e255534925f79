//! What a project file means: the typed model, routing and the folders of state.

use std::time::Duration;

use stead_engine::search::FieldKind;
use stead_schema::EngineKind;

use super::super::{DatabaseLocation, IndexEngine, Migrations, SeedAction, ServerKind, ServerVolume, Target};
use super::*;

const WHOLE: &str = r#"
[project]
name = "addons"
include = ["../platform/stead.base.toml"]

[databases.catalog]

[databases.usage]
url = "mariadb://stead@127.0.0.1/usage"

[databases.archive]
url = { secret = "addons/archive" }

[apps.catalog]
path = "apps/catalog"
database = "catalog"
depends = ["accounts", "accounts"]

[apps.usage]
path = "apps/usage"
database = "usage"
migrations = { tool = "django", arguments = ["--fake-initial"] }

[services.crawler.routes]
accounts = "archive"
usage = "usage"

[seed]
steps = [
  { sql = "seed/base.sql", database = "catalog", engines = ["sqlite", "postgres"] },
  { csv = "seed/licences.csv", table = "licences", database = "catalog", null = "", delimiter = ";" },
  { run = ["cargo", "run", "-q", "--release", "-p", "addons-seed"], database = "catalog" },
]

[indexes.addons]
database = "catalog"
documents = { default = "indexes/addons.sql", mysql = "indexes/addons.mysql.sql" }
engine = "embedded"
fields = { name = { type = "text", language = "en", boost = 2 }, rating = { type = "float", stored = false }, added = { boost = 0.5 } }
batch = 500

[indexes.remote]
database = "catalog"
documents = "indexes/remote.sql"
engine = "http://127.0.0.1:9200"

[storage]
path = "storage"
leaves = ["icons", "files/"]
references = [{ database = "catalog", query = "SELECT icon FROM addons WHERE icon IS NOT NULL" }]

[servers.search]
kind = "opensearch"
version = 2
volume = "search-data"

[undo]
max_size = "20GB"
"#;

fn whole() -> Folder {
    Folder::new(WHOLE)
        .file("apps/catalog/models/addons.sql", "")
        .file("apps/usage/models/usage.sql", "")
        .file("../platform/stead.base.toml", "[apps.accounts]\npath = \"accounts\"\ndatabase = \"catalog\"\n")
        .file("../platform/accounts/models/users.sql", "")
}

#[test]
fn the_whole_model_is_read() {
    let folder = whole();
    let project = folder.project();
    assert_eq!(
        (project.name.as_str(), project.environment.as_str(), project.protected),
        ("addons", "development", false)
    );
    assert_eq!(project.lock_timeout, Duration::from_secs(600));
    assert_eq!((project.undo.keep, project.undo.max_size), (3, Some(20_000_000_000)));
    assert_eq!(
        project.database_location("catalog"),
        Some(&DatabaseLocation::File(folder.at(".stead/development/catalog.db")))
    );
    let engines: Vec<_> =
        project.databases.values().map(|database| (database.name.as_str(), database.engine())).collect();
    assert_eq!(
        engines,
        [("archive", None), ("catalog", Some(EngineKind::Sqlite)), ("usage", Some(EngineKind::Mariadb))]
    );
    assert_eq!(project.database_location("nobody"), None);
    let DatabaseLocation::Server { url, .. } = project.database_location("usage").unwrap() else { panic!() };
    assert_eq!(url.expose(), "mariadb://stead@127.0.0.1/usage");
    assert_eq!(project.apps["accounts"].path, folder.path.parent().unwrap().join("platform/accounts"));
    assert_eq!(project.apps["catalog"].migrations, Migrations::Revisions);
    assert_eq!(project.apps["catalog"].depends, ["accounts"]);
    let Migrations::Django(tool) = &project.apps["usage"].migrations else { panic!() };
    assert_eq!(
        (tool.command.words().join(" "), tool.table.as_deref()),
        ("python manage.py".to_owned(), Some("django_migrations"))
    );
    assert_eq!(tool.arguments.words(), ["--fake-initial"]);
    let server = &project.servers["search"];
    assert_eq!(
        (server.kind, server.version.as_deref(), server.volume.clone(), server.port),
        (ServerKind::Opensearch, Some("2"), ServerVolume::Named("search-data".to_owned()), None)
    );
    let storage = project.storage.as_ref().unwrap();
    assert_eq!((storage.leaf("icons"), storage.leaves[1].as_str()), (folder.at("storage/icons"), "files"));
    assert_eq!(storage.references[0].database, "catalog");
    assert_eq!(project.origin(&["apps", "catalog", "depends"]).unwrap().to_string(), "stead.toml:17:11");
    assert_eq!(project.apps["catalog"].origin.to_string(), "stead.toml:14:1");
}

#[test]
fn seed_steps_keep_their_order_and_defaults() {
    let folder = whole();
    let seed = folder.project().seed;
    assert_eq!(seed[0].action, SeedAction::Sql { file: folder.at("seed/base.sql") });
    assert!(
        seed[0].is_for(EngineKind::Sqlite) && !seed[0].is_for(EngineKind::Mysql) && seed[1].is_for(EngineKind::Mysql)
    );
    let csv = |null: &str, delimiter| SeedAction::Csv {
        file: folder.at("seed/licences.csv"),
        table: "licences".into(),
        null: null.into(),
        delimiter,
    };
    assert_eq!(seed[1].action, csv("", b';'));
    let SeedAction::Run { command } = &seed[2].action else { panic!() };
    assert_eq!(command.words()[..2], ["cargo", "run"]);
    let plain = Folder::named("[databases.only]\n[[seed.steps]]\ncsv = \"seed/licences.csv\"\ntable = \"licences\"\n");
    let project = plain.project();
    let SeedAction::Csv { null, delimiter, .. } = &project.seed[0].action else { panic!() };
    assert_eq!((null.as_str(), *delimiter, project.seed[0].database.as_str()), ("\\N", b',', "only"));
    assert_eq!(setting(&project, "seed.steps[0].null"), ("\"\\\\N\"".into(), "default".into()));
}

#[test]
fn indexes_are_read() {
    let folder = whole();
    let project = folder.project();
    let index = &project.indexes["addons"];
    assert_eq!(index.engine, IndexEngine::Embedded);
    assert_eq!(index.documents_for(EngineKind::Mysql), Some(folder.at("indexes/addons.mysql.sql")));
    assert_eq!(index.documents_for(EngineKind::Sqlite), Some(folder.at("indexes/addons.sql")));
    assert_eq!(index.batch, Some(500));
    let name = &index.fields["name"];
    assert_eq!((name.kind, name.language.as_deref()), (Some(FieldKind::Text), Some("en")));
    assert_eq!((name.boost, name.stored, name.highlight), (Some(2.0), true, None));
    let rating = &index.fields["rating"];
    assert_eq!((rating.kind, rating.boost, rating.stored), (Some(FieldKind::Float), None, false));
    let left_to_the_column = &index.fields["added"];
    assert_eq!((left_to_the_column.kind, left_to_the_column.boost), (None, Some(0.5)));
    assert!(
        matches!(&project.indexes["remote"].engine, IndexEngine::Server(url) if url.expose() == "http://127.0.0.1:9200")
    );
}

#[test]
fn a_document_for_one_engine_alone_is_no_default() {
    let project = Folder::named("[databases.d]\n[indexes.i]\ndocuments = { postgres = \"i.sql\" }\n").project();
    assert_eq!(project.indexes["i"].documents_for(EngineKind::Sqlite), None);
}

#[test]
fn targets_are_in_depends_order_and_routes_make_second_ones() {
    let project = whole().project();
    let target = |app: &str, database: &str| Target { app: app.to_owned(), database: database.to_owned() };
    let expected = [
        target("accounts", "catalog"),
        target("accounts", "archive"),
        target("catalog", "catalog"),
        target("usage", "usage"),
    ];
    assert_eq!(project.targets(), expected);
    assert_eq!(project.apps_on("catalog"), ["accounts", "catalog"]);
    assert_eq!(project.apps_on("archive"), ["accounts"]);
    assert!(project.apps_on("nobody").is_empty());
    assert_eq!(project.route(Some("crawler"), "accounts"), Some("archive"));
    assert_eq!(project.route(Some("crawler"), "catalog"), Some("catalog"));
    assert_eq!(project.route(None, "accounts"), Some("catalog"));
    assert_eq!(project.route(None, "nobody"), None);
}

#[test]
fn depends_order_is_by_name_among_equals() {
    let app = |name: &str, depends: &str| format!("[apps.{name}]\npath = \"app\"\ndepends = [{depends}]\n");
    let text = [app("a", "\"z\""), app("b", ""), app("m", "\"a\", \"b\""), app("z", ""), app("y", "\"z\"")].concat();
    let project = Folder::named(&format!("[databases.d]\n{text}")).project();
    let order: Vec<_> = project.targets().into_iter().map(|target| target.app).collect();
    assert_eq!(order, ["b", "z", "a", "m", "y"]);
}

#[test]
fn a_chain_of_many_apps_does_not_exhaust_the_stack() {
    let apps: String = (0..3000)
        .map(|number| {
            let depends = if number == 0 { String::new() } else { format!("\"a{}\"", number - 1) };
            format!("[apps.a{number}]\npath = \"app\"\ndepends = [{depends}]\n")
        })
        .collect();
    let project = Folder::named(&format!("[databases.d]\n{apps}")).project();
    assert_eq!(project.targets().last().unwrap().app, "a2999");
}

#[test]
fn state_and_backups_depend_on_the_environment() {
    let folder = Folder::named("[databases.d]\n").file("stead.production.toml", "");
    let project = folder.project();
    assert_eq!((project.state(), project.backups()), (folder.at(".stead/development"), folder.at("backups")));
    let folder = folder.environment("production");
    let project = folder.project();
    assert_eq!(
        (project.state(), project.backups()),
        (folder.at(".stead/production"), folder.at("backups/@production"))
    );
    assert_eq!(project.database_location("d"), Some(&DatabaseLocation::File(folder.at(".stead/production/d.db"))));
}

#[test]
fn loading_creates_nothing() {
    let folder = Folder::named("[databases.d]\n");
    folder.project();
    let mut names: Vec<_> = std::fs::read_dir(&folder.path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["app", "stead.toml"]);
    assert!(!exists(&folder.at(".stead")));
}

#[test]
fn quantities() {
    for (text, expected) in [
        ("500ms", 500),
        ("30s", 30_000),
        ("10m", 600_000),
        ("1h30m", 5_400_000),
        ("2d", 172_800_000),
        ("0s", 0),
        ("1m 30s", 90_000),
    ] {
        let loaded = Folder::named(&format!("lock_timeout = \"{text}\"\n")).load();
        match loaded {
            Ok(project) => assert_eq!(project.lock_timeout, Duration::from_millis(expected), "{text}"),
            Err(errors) => assert_eq!(text, "1m 30s", "{errors}"),
        }
    }
    for (text, expected) in [
        ("20", 20),
        ("\"20\"", 20),
        ("\"20 MB\"", 20_000_000),
        ("\"1kib\"", 1024),
        ("\"3TiB\"", 3 << 40),
        ("\"7B\"", 7),
    ] {
        let project = Folder::named(&format!("[undo]\nmax_size = {text}\n")).project();
        assert_eq!(project.undo.max_size, Some(expected), "{text}");
    }
}

#[test]
fn environments_are_listed() {
    let folder =
        Folder::named("").file("stead.production.toml", "").file("stead.Bad.toml", "").file("stead.toml.bak", "");
    assert_eq!(Project::environments(&folder.path), ["development", "production"]);
}
