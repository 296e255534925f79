//! One kill and what is asked of it: at once, each single thing is old or new; after the next command, all of one state
//! is together; then the work can be finished, and nothing lies about.

use std::collections::BTreeSet;

use crate::chance::Chance;
use crate::files;
use crate::full;
use crate::kill::Kill;
use crate::look::{Things, set};
use crate::scene::{Again, Scene};
use crate::tally::{Line, Tally};

/// Random kills of each command: all of them, or the sample.
const MOMENTS: (u32, u32) = (40, 4);

/// How somebody goes on after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// `init`, then the command again.
    Init,
    /// The command again.
    Same,
}

/// Kills the command at every failpoint and at random moments, and prints the counts.
pub(crate) fn torture(command: &str, scene: &Scene) {
    let mut chance = Chance::of(command);
    let mut tally = Tally::default();
    for kill in scene.failpoints().into_iter().filter(|kill| full() || kill.is_first()) {
        let coin = if chance.coin() { Next::Init } else { Next::Same };
        let ways = if full() { vec![Next::Init, Next::Same] } else { vec![coin] };
        for next in ways {
            assert!(trial(command, scene, &kill, next, chance.seed, tally.line("failpoint")));
        }
    }
    random(command, scene, &mut chance, &mut tally, if full() { MOMENTS.0 } else { MOMENTS.1 });
    tally.conclude(command, chance.seed);
}

/// Kills the command at so many random moments.
pub(crate) fn random(command: &str, scene: &Scene, chance: &mut Chance, tally: &mut Tally, number: u32) {
    let duration = scene.duration();
    while tally.line("random").kills < number {
        let kill = Kill::After { moment: chance.moment(duration), group: chance.coin() };
        let next = if chance.coin() { Next::Init } else { Next::Same };
        // A moment after the end of the command is no kill, and is not counted as one.
        trial(command, scene, &kill, next, chance.seed, tally.line("random"));
    }
}

/// One kill with everything that is asked of it; false if the command was through before it could be killed.
fn trial(command: &str, scene: &Scene, kill: &Kill, next: Next, seed: u64, line: &mut Line) -> bool {
    scene.restore();
    if kill.carry_out(&scene.fixture, scene.arguments).is_none() {
        return false;
    }
    let trial = Trial { scene, title: format!("{command}, killed {kill}, then {next:?} (STEAD_TORTURE_SEED={seed})") };
    line.kills += 1;
    let found = trial.at_once();
    match (found == scene.old, found == scene.new) {
        (true, _) => line.old += 1,
        (_, true) => line.new += 1,
        _ => line.between += 1,
    }
    let journal = scene.fixture.path(".stead/development/journal.json").exists();
    let carried_on = journal || set(&found) == set(&scene.new);
    match next {
        Next::Init => trial.init_first(&found, carried_on),
        Next::Same => trial.same_at_once(&found, carried_on, journal),
    }
    line.finished += 1;
    true
}

struct Trial<'a> {
    scene: &'a Scene,
    title: String,
}

impl Trial<'_> {
    /// Right after the kill each thing by itself is as before the command or as after it.
    fn at_once(&self) -> Things {
        let found = self.scene.look();
        for (name, look) in &found {
            let (old, new) = (&self.scene.old[name], &self.scene.new[name]);
            assert!(look == old || look == new, "{}: {name} is neither {old} nor {new} but {look}", self.title);
        }
        found
    }

    /// `init` makes one state whole: the new one if the swap had begun, else the old one. Then the command can be given.
    fn init_first(&self, found: &Things, carried_on: bool) {
        let scene = self.scene;
        let ended = scene.fixture.run(["init"]);
        assert_eq!(ended.code, 0, "{}: `init` says\n{}", self.title, ended.err);
        let (settled, files) = if carried_on { &scene.settled_new } else { &scene.settled_old };
        let now = scene.look();
        assert_eq!(set(&now), set(settled), "{}: after `init`\n{}", self.title, ended.err);
        self.snapshots_stay(found, &now);
        self.clean(files, &now, "after `init`");
        match scene.again {
            Again::Same => self.run(0, &scene.new),
            Again::Taken => self.run(i32::from(now == scene.new), &scene.new),
            Again::Back if carried_on => {
                self.taken_back();
                self.run(0, &scene.new);
            }
            Again::Back => self.run(0, &scene.new),
        }
    }

    /// The command itself is the next one. Interrupted work that it only has to finish is not done twice.
    fn same_at_once(&self, found: &Things, carried_on: bool, journal: bool) {
        let scene = self.scene;
        match scene.again {
            Again::Same => self.run(0, &scene.new),
            Again::Taken => self.run(i32::from(*found == scene.new), &scene.new),
            Again::Back if carried_on && !journal => self.taken_back(),
            Again::Back => self.run(0, &scene.new),
        }
    }

    fn run(&self, code: i32, expected: &Things) {
        self.run_to(code, expected, &self.scene.done);
    }

    fn taken_back(&self) {
        self.run_to(0, &self.scene.old, &self.scene.settled_old.1);
    }

    fn run_to(&self, code: i32, expected: &Things, files: &BTreeSet<String>) {
        let scene = self.scene;
        let ended = scene.fixture.run(scene.arguments);
        assert_eq!(ended.code, code, "{}: `{:?}` says\n{}", self.title, scene.arguments, ended.err);
        let now = scene.look();
        assert_eq!(&now, expected, "{}: after the command\n{}", self.title, ended.err);
        self.clean(files, &now, "after the command");
    }

    /// A snapshot changes by its own step, so it may be ahead of the rest, but never goes back.
    fn snapshots_stay(&self, found: &Things, now: &Things) {
        for (name, look) in found.iter().filter(|(name, _)| name.starts_with("snapshot ")) {
            let settled = [&self.scene.settled_old.0[name], &self.scene.settled_new.0[name]];
            let stays = &now[name] == look || settled.contains(&&now[name]) && *look == self.scene.old[name];
            assert!(stays, "{}: {name} was {look} and became {}", self.title, now[name]);
        }
    }

    fn clean(&self, expected: &BTreeSet<String>, now: &Things, when: &str) {
        let scene = self.scene;
        let folder = scene.fixture.path(".");
        let unexplained = files::unexplained(&folder);
        assert_eq!(unexplained, Vec::<String>::new(), "{}: {when}", self.title);
        assert_eq!(scene.fixture.strays(), Vec::<String>::new(), "{}: {when}", self.title);
        // Snapshots that are ahead bring their files with them.
        let backups =
            |name: &&String| !name.starts_with("backups/") || now.values().all(|look| look != crate::look::ABSENT);
        let files = scene.files();
        let missing: Vec<&String> = expected.difference(&files).filter(backups).collect();
        let extra: Vec<&String> = files.difference(expected).filter(backups).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{}: {when}: lost {missing:?}, left {extra:?}", self.title);
    }
}
