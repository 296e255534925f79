//! Stories of the real binary, each told as a page under `scripts/`, and the words of the example's Makefile. A story is
//! what a person types over an afternoon or a week; it breaks when commands that work alone do not work together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stead_testkit::fixture::{Ended, Fixture, ended, rows};
use stead_testkit::script::{Setting, run_folder};
use stead_testkit::skip::skip;

const STEAD: &str = env!("CARGO_BIN_EXE_stead");

/// What takes the place of the example's seed program, which writes 20,000 add-ons.
const SMALL_SEED: &str = "INSERT INTO addons (id, slug, name, summary, status, created_at) VALUES
  (1, 'tab-gardener', 'Tab Gardener', 'Keeps tabs in tidy beds', 'listed', '2024-01-01T00:00:00Z'),
  (2, 'night-reader', 'Night Reader', 'Dims every page after dusk', 'listed', '2024-01-02T00:00:00Z');
";

#[test]
fn stories() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    run_folder(&folder, &Setting::new().program("stead", STEAD));
}

/// A copy of the example with a small seed, and `make` in it.
struct Example {
    fixture: Fixture,
}

impl Example {
    fn new() -> Self {
        let fixture = Fixture::empty(STEAD);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/addons");
        for name in
            ["Makefile", "stead.toml", "apps", "indexes", "seed/base.sql", "seed/categories.csv", "seed/licences.csv"]
        {
            copy(&source.join(name), &fixture.path(name));
        }
        fixture.write("seed/small.sql", SMALL_SEED);
        fixture.replace(
            "stead.toml",
            "{ run = [\"cargo\", \"run\", \"-q\", \"-p\", \"addons-seed\"], database = \"catalog\" }",
            "{ sql = \"seed/small.sql\", database = \"catalog\" }",
        );
        Self { fixture }
    }

    /// Runs `make` with those words.
    fn make(&self, words: &[&str]) -> Ended {
        let mut command = Command::new("make");
        command.args(["--no-print-directory", "-C"]).arg(self.fixture.path(".")).args(words);
        command.arg(format!("STEAD={STEAD}")).env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        ended(command.output().expect("`make` is there")).exits(0)
    }

    fn addons(&self) -> usize {
        rows(&self.fixture.database("catalog"), "SELECT id FROM addons").len()
    }

    fn add(&self, id: u32) {
        let row = format!(
            "INSERT INTO addons (id, slug, name, summary, created_at) VALUES ({id}, 'a{id}', 'A', 'B', '2024-01-03')"
        );
        self.fixture.sql("catalog", &row);
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("the fixture can be written");
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return;
    }
    let entries = fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder that can be listed").path()).collect();
    for path in paths {
        copy(&path, &to.join(path.file_name().expect("an entry has a name")));
    }
}

/// True if there is a `make`; else the test is reported as skipped.
fn has_make() -> bool {
    let found = Command::new("make").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        skip("make", "the program `make` is not in the path");
    }
    found
}

#[test]
fn make_initialize_takes_its_four_variables() {
    if !has_make() {
        return;
    }
    let example = Example::new();
    example.make(&["initialize", "INIT_SKIP_SEED=true"]).says("seed");
    assert_eq!(example.addons(), 0);
    example.make(&["initialize", "INIT_CLEAN=true"]);
    assert_eq!(example.addons(), 2);
    example.make(&["data_dump", "ARGS=--name two"]);
    example.add(3);
    example.make(&["initialize"]).says("nothing to do");
    assert_eq!(example.addons(), 3);
    example.make(&["initialize", "INIT_LOAD=two"]);
    assert_eq!(example.addons(), 2);
    example.add(3);
    example.make(&["initialize", "INIT_CLEAN=true", "INIT_SKIP_SEED=true", "INIT_SKIP_INDEX=true"]);
    assert_eq!(example.addons(), 0);
    example.make(&["initialize", "INIT_CLEAN=false", "INIT_SKIP_INDEX=0"]);
    assert_eq!(example.addons(), 0);
}

#[test]
fn make_dumps_loads_and_seeds() {
    if !has_make() {
        return;
    }
    let example = Example::new();
    example.make(&["initialize"]);
    example.make(&["data_dump", "ARGS=--name x --force"]).says("kept as `x`");
    example.add(3);
    example.make(&["data_load", "ARGS=--name x"]).says("loaded `x`");
    assert_eq!(example.addons(), 2);
    example.add(3);
    example.make(&["data_dump", "ARGS=--name x --force"]).says("kept as `x`");
    example.make(&["seed_data"]);
    assert_eq!(example.addons(), 2);
    example.make(&["data_load", "ARGS=--name=x"]).says("loaded `x`");
    assert_eq!(example.addons(), 3);
    assert_eq!(example.fixture.strays(), Vec::<String>::new());
}

#[test]
fn make_migrates_and_starts_and_stops_servers() {
    if !has_make() {
        return;
    }
    let example = Example::new();
    example.make(&["initialize"]);
    example.fixture.write(
        "apps/usage/migrations/0099_visits.sql",
        format!("-- Visits\n-- revision: 0a0b0c0d0e0f\n-- parent: {}\n\n-- up\nCREATE TABLE visits (id INTEGER);\n\n-- down\nDROP TABLE visits;\n", example.usage_head()),
    );
    example.make(&["migrate"]).says("0099_visits");
    assert!(rows(&example.fixture.database("usage"), "SELECT id FROM visits").is_empty());
    example.make(&["up"]);
    example.make(&["down"]);
    example.make(&["reindex"]);
    example.make(&["status"]).prints("database catalog");
    example.make(&["help"]).prints("initialize").prints("data_load");
}

impl Example {
    fn usage_head(&self) -> String {
        let current = "SELECT revision FROM stead_ledger WHERE app = 'usage' ORDER BY revision";
        let applied = rows(&self.fixture.database("usage"), current);
        let is_parent = |id: &String| applied.iter().any(|row| self.follows(&row[0], id));
        let mut heads = applied.iter().map(|row| row[0].clone()).filter(|id| !is_parent(id));
        heads.next().expect("the example has revisions of `usage`")
    }

    /// True if the revision `child` names `parent` as its parent.
    fn follows(&self, child: &str, parent: &str) -> bool {
        let files = self.fixture.tree("apps/usage/migrations").into_keys();
        let texts = files.map(|name| self.fixture.read(&format!("apps/usage/migrations/{name}")));
        let mut texts = texts.filter(|text| text.contains(&format!("-- revision: {child}")));
        texts.any(|text| text.contains(&format!("-- parent: {parent}")))
    }
}
