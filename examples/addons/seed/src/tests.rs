//! Whole runs over databases built from the example's own models: equal digests for equal scales, exact counts at
//! full size, and clear refusals.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::database::Location;
use crate::destination::Destination;
use crate::fill;
use crate::generate::Scale;

const SMALL: Scale = Scale {
    users: 400,
    addons: 300,
    versions: 900,
    ratings: 2_000,
    rated: 220,
    icons: 40,
    packages: 6,
    counted: 10,
    download_days: 9,
    user_days: 3,
};

/// An empty project: both databases with the schema of the models, the first seed steps, and the storage leaves.
struct Project {
    destination: Destination,
    folder: TempDir,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Location::Sqlite(folder.path().join(name));
        let destination = Destination {
            catalog: file("catalog.db"),
            usage: file("usage.db"),
            storage: folder.path().join("storage"),
        };
        build(&folder.path().join("catalog.db"), &["accounts", "catalog", "reviews"]);
        build(&folder.path().join("usage.db"), &["usage"]);
        for leaf in ["icons", "files"] {
            fs::create_dir_all(destination.storage.join(leaf)).unwrap();
        }
        Self { destination, folder }
    }

    /// As [`Project::new`], with what the steps before this program write.
    fn seeded() -> Self {
        let project = Self::new();
        let connection = project.catalog();
        connection.execute_batch(&fs::read_to_string(example().join("seed/base.sql")).unwrap()).unwrap();
        for table in ["categories", "licences"] {
            load(&connection, table);
        }
        project
    }

    fn catalog(&self) -> Connection {
        Connection::open(self.folder.path().join("catalog.db")).unwrap()
    }

    fn usage(&self) -> Connection {
        Connection::open(self.folder.path().join("usage.db")).unwrap()
    }

    fn number(&self, query: &str) -> i64 {
        self.catalog().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// Every row of both databases and every file in storage, as one number each.
    fn digests(&self) -> BTreeMap<String, u64> {
        let mut digests = files(&self.destination.storage);
        digests.extend(rows(&self.catalog()));
        digests.extend(rows(&self.usage()));
        digests
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn build(path: &Path, apps: &[&str]) {
    let connection = Connection::open(path).unwrap();
    for app in apps {
        for file in sorted(&example().join("apps").join(app).join("models")) {
            if ["postgres", "mysql", "mariadb"].iter().any(|engine| stem(&file).contains(&format!(".{engine}."))) {
                continue;
            }
            connection.execute_batch(&fs::read_to_string(file).unwrap()).unwrap();
        }
    }
}

/// Enough of CSV for slugs: the first two columns, which are never quoted.
fn load(connection: &Connection, table: &str) {
    let text = fs::read_to_string(example().join(format!("seed/{table}.csv"))).unwrap();
    for line in text.lines().skip(1) {
        let (id, rest) = line.split_once(',').unwrap();
        let (slug, _) = rest.split_once(',').unwrap();
        let sql = format!("INSERT INTO {table} (id, slug, name) VALUES (?1, ?2, ?2)");
        connection.execute(&sql, (id.parse::<i64>().unwrap(), slug)).unwrap();
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut digests = BTreeMap::new();
    for path in sorted(folder) {
        if path.is_dir() {
            digests.extend(files(&path).into_iter().map(|(name, digest)| (format!("{}/{name}", stem(&path)), digest)));
        } else {
            digests.insert(stem(&path), hash(fs::read(&path).unwrap()));
        }
    }
    digests
}

fn stem(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn rows(connection: &Connection) -> BTreeMap<String, u64> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    names.into_iter().map(|table| (table.clone(), hash(content(connection, &table)))).collect()
}

fn content(connection: &Connection, table: &str) -> String {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            write!(text, "{:?};", row.get_ref(column).unwrap()).unwrap();
        }
    }
    text
}

#[test]
fn two_runs_are_equal() {
    let digests = || {
        let project = Project::seeded();
        fill(&project.destination, SMALL).unwrap();
        project.digests()
    };
    let (first, second) = (digests(), digests());
    assert_eq!(first.len(), 2 + 16 + SMALL.icons + SMALL.packages);
    assert_eq!(first, second);
}

#[test]
fn the_full_catalogue_has_what_the_readme_says() {
    let project = Project::seeded();
    let (written, counts) = fill(&project.destination, Scale::FULL).unwrap();
    let table = |name: &str| project.number(&format!("SELECT count(*) FROM {name}"));
    assert_eq!(table("addons"), 20_000);
    assert_eq!(table("versions"), 60_000);
    assert_eq!(table("ratings"), 200_000);
    assert_eq!(table("users"), 12_005);
    assert_eq!(table("translations"), 19_805);
    assert_eq!(table("files"), 67_305);
    assert_eq!(project.number("SELECT count(*) FROM addons WHERE status = 'listed'"), 19_021);
    assert_eq!(project.number("SELECT count(*) FROM ratings WHERE body IS NOT NULL"), 55_831);
    assert_eq!(project.number("SELECT count(*) FROM addons WHERE icon IS NOT NULL"), 3_000);
    assert_eq!(project.number("SELECT count(*) FROM files WHERE path IS NOT NULL"), 48);
    assert_eq!(counts, 400 * 60 + 400 * 14 * 2);
    assert_eq!((written.addons, written.versions, written.ratings, written.stored), (20_000, 60_000, 200_000, 3_048));
    assert_eq!(table("files"), i64::try_from(written.files).unwrap());
}

#[test]
fn rows_agree_with_each_other_and_with_storage() {
    let project = Project::seeded();
    fill(&project.destination, SMALL).unwrap();
    let stale = "SELECT count(*) FROM addons WHERE last_released_at IS NOT
                 (SELECT max(released_at) FROM versions WHERE addon_id = addons.id)";
    assert_eq!(project.number(stale), 0);
    let unequal = "SELECT count(*) FROM rating_summaries AS summary WHERE average <>
                   (SELECT round(avg(score), 2) FROM ratings WHERE addon_id = summary.addon_id)";
    assert_eq!(project.number(unequal), 0);
    assert_eq!(project.number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(project.number("SELECT count(*) FROM versions WHERE addon_id NOT IN (SELECT id FROM addons)"), 0);
    let early = "SELECT count(*) FROM ratings JOIN users ON users.id = user_id JOIN addons ON addons.id = addon_id
                 WHERE substr(ratings.created_at, 1, 10) < substr(max(users.created_at, addons.created_at), 1, 10)";
    assert_eq!(project.number(early), 0);
    let before_joining = "SELECT count(*) FROM addons JOIN addon_authors ON addon_id = addons.id
                          JOIN users ON users.id = user_id WHERE users.created_at > addons.created_at";
    assert_eq!(project.number(before_joining), 0);
    let own = "SELECT count(*) FROM ratings JOIN addon_authors USING (addon_id, user_id)";
    assert_eq!(project.number(own), 0);
    let connection = project.catalog();
    let mut paths = connection
        .prepare(
            "SELECT icon, NULL FROM addons WHERE icon IS NOT NULL UNION ALL
                  SELECT path, size_bytes FROM files WHERE path IS NOT NULL",
        )
        .unwrap();
    let mut rows = paths.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let path = project.destination.storage.join(row.get::<_, String>(0).unwrap());
        let size = fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len();
        let recorded: Option<i64> = row.get(1).unwrap();
        assert!(recorded.is_none_or(|recorded| recorded == i64::try_from(size).unwrap()), "{}", path.display());
    }
}

#[test]
fn a_second_run_is_refused_and_changes_nothing() {
    let project = Project::seeded();
    fill(&project.destination, SMALL).unwrap();
    let before = project.digests();
    let error = format!("{:#}", fill(&project.destination, SMALL).unwrap_err());
    assert!(error.contains("300 add-ons already"), "{error}");
    assert_eq!(project.digests(), before);
}

#[test]
fn a_missing_licence_is_named_and_nothing_is_written() {
    let project = Project::new();
    let error = format!("{:#}", fill(&project.destination, SMALL).unwrap_err());
    assert!(error.contains("`categories` has no row"), "{error}");
    assert_eq!(project.number("SELECT count(*) FROM users"), 0);
    assert_eq!(project.number("SELECT count(*) FROM addons"), 0);
}

#[test]
fn the_counts_end_on_the_last_day_and_rest_on_weekends() {
    let project = Project::seeded();
    fill(&project.destination, Scale { counted: 100, download_days: 60, ..SMALL }).unwrap();
    let usage = project.usage();
    let text = |query: &str| usage.query_row(query, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("SELECT min(day) || ' ' || max(day) FROM daily_downloads"), "2026-05-02 2026-06-30");
    let busiest = text("SELECT strftime('%w', day) FROM daily_downloads GROUP BY 1 ORDER BY avg(count) DESC LIMIT 1");
    assert!(("1"..="5").contains(&busiest.as_str()), "weekday {busiest}");
    let idle = text(
        "SELECT group_concat(day) FROM (SELECT strftime('%w', day) AS day FROM daily_downloads
                     GROUP BY 1 ORDER BY avg(count) LIMIT 2) WHERE day IN ('0', '6')",
    );
    assert_eq!(idle.len(), 3, "the two quietest weekdays include {idle}");
}
