//! The same on the example, whose databases, files and index are large enough that a kill falls into the middle of real
//! work. Starting and judging takes many seconds there, so it belongs to the full number only.

use std::path::{Path, PathBuf};
use std::process::Command;

use stead_testkit::fixture::Fixture;
use stead_testkit::skip::skip;

use crate::chance::Chance;
use crate::look::{View, copy};
use crate::scene::{Again, Scene};
use crate::tally::Tally;
use crate::trial::random;
use crate::{BUILT, full, stead};

const VIEW: View = View {
    databases: &["catalog", "usage"],
    leaves: &["icons", "files"],
    index: "addons",
    word: "theme",
    snapshots: &["_init", "b", "c"],
};

/// Commands that change the example, with what giving them again means, and the number of kills, 18 in all.
const COMMANDS: [(&[&str], Again, u32); 6] = [
    (&["load", "b"], Again::Same, 4),
    (&["dump", "--name", "c"], Again::Taken, 2),
    (&["dump", "--name", "b", "--force"], Again::Same, 3),
    (&["seed"], Again::Same, 3),
    (&["undo"], Again::Back, 3),
    (&["reset", "--yes"], Again::Same, 3),
];

/// Kills of the first `init`.
const OF_INIT: u32 = 2;

/// The example without what an earlier `init` made of it; its seed program is started without cargo.
fn example() -> Fixture {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/addons");
    let fixture = Fixture::empty(stead());
    for name in ["apps", "indexes", "seed", "stead.toml"] {
        let target = fixture.path(name);
        if root.join(name).is_dir() {
            std::fs::create_dir(&target).expect("an empty folder");
            copy(&root.join(name), &target);
        } else {
            std::fs::copy(root.join(name), &target).expect("the example's project file");
        }
    }
    let program = format!("run = [\"{}\"]", program().display());
    fixture.replace("stead.toml", "run = [\"cargo\", \"run\", \"-q\", \"-p\", \"addons-seed\"]", &program);
    fixture
}

/// The seed program, built beside `stead` if that has not happened yet.
fn program() -> PathBuf {
    let program = Path::new(BUILT).with_file_name("addons-seed");
    if !program.exists() {
        let target = Path::new(BUILT).ancestors().nth(2).expect("the target folder");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "-q", "-p", "addons-seed", "--target-dir"]).arg(target);
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.is_ok_and(|status| status.success()) && program.exists(), "`addons-seed` could not be built");
    }
    program
}

/// Makes the state from which every command but the first `init` starts.
fn live_in(fixture: &Fixture) {
    fixture.run(["init"]).exits(0);
    fixture.run(["dump", "--name", "b"]).exits(0);
    fixture.sql(
        "catalog",
        "UPDATE addons SET summary = summary || ' Changed.' WHERE id % 7 = 0;
         DELETE FROM ratings WHERE id % 11 = 0;",
    );
    fixture.sql("usage", "DELETE FROM daily_downloads WHERE addon_id % 5 = 0");
    fixture.write("storage/icons/new.svg", "new");
    fixture.write("storage/files/new.zip", "new");
    fixture.run(["index", "build"]).exits(0);
}

#[test]
fn kill_during_commands_on_the_example() {
    if !full() {
        skip("torture", "kills on the example belong to the full number: `cargo xtask torture addons`");
        return;
    }
    let mut chance = Chance::of("addons");
    let scene = Scene::new(example(), &["init"], Again::Same, VIEW);
    let mut fixture = kill(scene, &mut chance, OF_INIT);
    live_in(&fixture);
    for (arguments, again, number) in COMMANDS {
        if again == Again::Back {
            fixture.run(["load", "b"]).exits(0);
        }
        let scene = Scene::new(fixture, arguments, again, VIEW);
        fixture = kill(scene, &mut chance, number);
    }
}

fn kill(scene: Scene, chance: &mut Chance, number: u32) -> Fixture {
    let command = format!("{} (examples/addons)", scene.arguments.join(" "));
    let mut tally = Tally::default();
    random(&command, &scene, chance, &mut tally, number);
    tally.conclude(&command, chance.seed);
    scene.into_fixture()
}
