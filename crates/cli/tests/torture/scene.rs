//! A command and the state it is killed in. The folder is put back to exactly that state before every kill, at the same
//! path, because undo points name what they keep by its absolute path.

use std::collections::BTreeSet;
use std::fs;

use std::time::Duration;

use stead_testkit::fixture::{Fixture, Home, Rights};
use stead_testkit::servers::TestServer;

use crate::copies::Copies;
use crate::look::{Things, View, copy, look};
use crate::{files, kill, served, stead};

/// What it means to give the command once more when it was carried out already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It does the same once more.
    Same,
    /// It is refused, because the name is taken.
    Taken,
    /// It takes itself back.
    Back,
}

/// A command to be killed, with what the world looks like before and after it.
pub(crate) struct Scene {
    pub(crate) fixture: Fixture,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) again: Again,
    pub(crate) view: View,
    before: tempfile::TempDir,
    databases: Copies,
    /// How long the command took when nothing happened to it.
    took: Duration,
    pub(crate) old: Things,
    pub(crate) new: Things,
    /// What `init` makes of the old state and of the new one, with the files that lie there then.
    pub(crate) settled_old: (Things, BTreeSet<String>),
    pub(crate) settled_new: (Things, BTreeSet<String>),
    /// The files after the command.
    pub(crate) done: BTreeSet<String>,
}

/// The view of the small project.
pub(crate) const SMALL: View = View {
    databases: &["main", "stats"],
    leaves: &["pictures", "papers"],
    index: "items",
    word: "article",
    snapshots: &["_init", "b", "c"],
};

impl Scene {
    /// Learns what the command does when nobody kills it.
    pub(crate) fn new(fixture: Fixture, arguments: &'static [&'static str], again: Again, view: View) -> Self {
        let before = tempfile::Builder::new().prefix("stead-before-").tempdir().expect("a temporary folder");
        copy(&fixture.path("."), before.path());
        served::settle(&fixture);
        let databases = Copies::take(&fixture);
        let nothing = || (Things::new(), BTreeSet::new());
        let mut scene = Self {
            old: look(&fixture, &view),
            took: Duration::ZERO,
            databases,
            new: Things::new(),
            settled_old: nothing(),
            settled_new: nothing(),
            done: BTreeSet::new(),
            fixture,
            arguments,
            again,
            view,
            before,
        };
        scene.took = kill::duration(&scene.fixture, arguments);
        scene.new = scene.look();
        scene.done = scene.files();
        scene.settled_new = scene.settled();
        scene.restore();
        scene.settled_old = scene.settled();
        scene.restore();
        scene
    }

    /// The project, in the state before the command.
    pub(crate) fn into_fixture(self) -> Fixture {
        self.restore();
        self.databases.remove(&self.fixture);
        self.fixture
    }

    /// Whether the databases are on a server.
    pub(crate) fn served(&self) -> bool {
        self.fixture.home() != Home::Files
    }

    fn settled(&self) -> (Things, BTreeSet<String>) {
        self.fixture.run(["init"]).exits(0);
        (self.look(), self.files())
    }

    /// Looks at the project as it is now.
    pub(crate) fn look(&self) -> Things {
        look(&self.fixture, &self.view)
    }

    /// The names of files that can be compared with another run's.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        files::comparable(&files::names(&self.fixture.path(".")))
    }

    /// Puts the folder, and the databases on a server, back to the state before the command.
    pub(crate) fn restore(&self) {
        self.databases.bring_back(&self.fixture);
        let folder = self.fixture.path(".");
        for entry in fs::read_dir(&folder).expect("the fixture's folder").flatten() {
            let path = entry.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        copy(self.before.path(), &folder);
    }

    /// The kills at the first and the last passage of every failpoint that the command passes.
    pub(crate) fn failpoints(&self) -> Vec<kill::Kill> {
        let passages = kill::failpoints(&self.fixture, self.arguments);
        self.restore();
        kill::first_and_last(&passages)
    }

    /// How long the command takes: the longest of so many runs more, so that its end is hit too.
    pub(crate) fn duration(&self, runs: u32) -> Duration {
        let run = |_| {
            self.restore();
            kill::duration(&self.fixture, self.arguments)
        };
        (0..runs).map(run).fold(self.took, Duration::max)
    }
}

/// The small project with enough rows and files in it that a kill can fall into the middle of things.
pub(crate) fn project() -> Fixture {
    project_at(Home::Files).expect("files are everywhere")
}

/// The same with its databases at that home, by a login of its own; `None` after a skip was reported.
pub(crate) fn project_at(home: Home) -> Option<Fixture> {
    let fixture = Fixture::at(stead(), home)?;
    if home != Home::Files {
        fixture.log_in(if home == Home::On(TestServer::Postgres15) { Rights::All } else { Rights::Needed });
    }
    fill(&fixture);
    Some(fixture)
}

/// Makes the small project larger, and gives it what does not move by itself on a server.
pub(crate) fn fill(fixture: &Fixture) {
    fixture.replace("stead.toml", "steps = [", "steps = [\n  { sql = \"seed/stats.sql\", database = \"stats\" },");
    fixture.write(
        "seed/stats.sql",
        "INSERT INTO visits (at, page) VALUES ('2026-01-01', '/'), ('2026-01-02', '/kites');\n",
    );
    let number = if fixture.home().is_mysql() { "CONCAT('Article number ', i)" } else { "'Article number ' || i" };
    let picture =
        if fixture.home().is_mysql() { "CONCAT('pictures/', i, '.txt')" } else { "'pictures/' || i || '.txt'" };
    fixture.write(
        "seed/base.sql",
        format!(
            "INSERT INTO kinds (id, name) VALUES (2, 'tools'), (3, 'toys');
INSERT INTO items (id, kind, name, picture, price)
WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 899)
SELECT i, 2 + i % 2, {number}, CASE WHEN i < 130 THEN {picture} END, i FROM n;
"
        ),
    );
    fixture.write(
        "seed/items.csv",
        "id,kind,name,picture,price\n1,2,Article hammer,pictures/1.txt,12.5\n2,2,Article saw,\\N,8\n",
    );
    fixture.write(
        "seed/files.sh",
        "set -eu
number=100
echo 'a hammer' > \"$STEAD_STORAGE/pictures/1.txt\"
while [ $number -lt 130 ]; do echo \"picture $number\" > \"$STEAD_STORAGE/pictures/$number.txt\"; number=$((number + 1)); done
sleep 0.1
mkdir -p \"$STEAD_STORAGE/papers/old\"
echo paper > \"$STEAD_STORAGE/papers/old/one.txt\"
echo 'files are written'
",
    );
    if let Some((up, down)) = served::programs(fixture.home()) {
        fixture.write(
            "apps/shop/migrations/0004_programs.sql",
            format!("-- Programs\n-- revision: 55dd66ee77ff\n-- parent: 33cc44dd55ee\n\n-- up\n{up}\n-- down\n{down}"),
        );
        fixture.write("apps/shop/models/shop.sql", format!("{}{up}", fixture.read("apps/shop/models/shop.sql")));
    }
}

/// The project after `init`, kept as the snapshot `b`, then changed everywhere, so that a mixture of both would be seen.
pub(crate) fn lived_in() -> Fixture {
    let fixture = project();
    live_in(&fixture);
    fixture
}

/// Initialises the project, keeps it as the snapshot `b`, and changes it everywhere.
pub(crate) fn live_in(fixture: &Fixture) {
    fixture.run(["init"]).exits(0);
    fixture.run(["dump", "--name", "b"]).exits(0);
    change(fixture);
}

/// Changes rows of every database, files of every leaf, and the index.
pub(crate) fn change(fixture: &Fixture) {
    let changed = if fixture.home().is_mysql() { "CONCAT(name, ' changed')" } else { "name || ' changed'" };
    fixture.sql(
        "main",
        &format!(
            "DELETE FROM items WHERE id = 1; INSERT INTO items (id, kind, name) VALUES (7, 2, 'Article anvil');
             UPDATE items SET name = {changed}, picture = NULL WHERE id % 3 = 0;"
        ),
    );
    fixture.sql("stats", "INSERT INTO visits (at, page) VALUES ('2026-02-02', '/changed')");
    fixture.write("storage/pictures/100.txt", "changed");
    fixture.write("storage/papers/new.txt", "new");
    fixture.run(["index", "build"]).exits(0);
}
