//! One kill and what is asked of it: at once, each single thing is old or new; after the next command, all of one state
//! is together; then the work can be finished, and nothing lies about.

use std::collections::BTreeSet;

use crate::chance::Chance;
use crate::files;
use crate::full;
use crate::kill::Kill;
use crate::look::{ABSENT, Things, look_at_files, set};
use crate::scene::{Again, Scene};
use crate::served;
use crate::tally::{Line, Tally};

/// How many kills there are of each command.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    /// Failpoints; all there are if absent.
    pub(crate) failpoints: Option<usize>,
    /// Random moments.
    pub(crate) moments: u32,
    /// Runs that are timed, so that moments at the end are hit too.
    pub(crate) timed: u32,
    /// Whether both ways of going on are tried after each failpoint.
    pub(crate) both_ways: bool,
}

impl Number {
    /// Files: the full number, or the sample.
    fn of_files() -> Self {
        let moments = if full() { 40 } else { 4 };
        Self { failpoints: None, moments, timed: 2, both_ways: full() }
    }
}

/// How somebody goes on after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// `init`, then the command again.
    Init,
    /// The command again.
    Same,
}

/// How somebody goes on, and how fast.
#[derive(Clone, Copy, Debug)]
struct Way {
    next: Next,
    /// At once, while the server may still be at the killed command's last statement.
    hasty: bool,
}

/// Kills the command at every failpoint and at random moments, and prints the counts.
pub(crate) fn torture(command: &str, scene: &Scene) {
    torture_so(command, scene, Number::of_files());
}

/// Kills the command so many times, and prints the counts.
pub(crate) fn torture_so(command: &str, scene: &Scene, number: Number) {
    let mut chance = Chance::of(command);
    let mut tally = Tally::default();
    let kills = scene.failpoints().into_iter().filter(|kill| full() || kill.is_first()).collect();
    for kill in spread(kills, number.failpoints, &mut chance) {
        let coin = if chance.coin() { Next::Init } else { Next::Same };
        let ways = if number.both_ways { vec![Next::Init, Next::Same] } else { vec![coin] };
        for next in ways {
            let hasty = scene.served() && chance.coin();
            assert!(trial(command, scene, &kill, Way { next, hasty }, chance.seed, tally.line("failpoint")));
        }
    }
    let duration = scene.duration(number.timed);
    moments(command, scene, &mut chance, &mut tally, number.moments, duration);
    tally.conclude(command, chance.seed);
}

/// So many of the kills, evenly spread over the list.
fn spread(kills: Vec<Kill>, number: Option<usize>, chance: &mut Chance) -> Vec<Kill> {
    let Some(number) = number.filter(|number| *number < kills.len()) else { return kills };
    let all = kills.len();
    let first = chance.below(all);
    (0..number).map(|at| kills[(first + at * all / number) % all].clone()).collect()
}

/// Kills the command at so many random moments.
pub(crate) fn random(command: &str, scene: &Scene, chance: &mut Chance, tally: &mut Tally, number: u32) {
    moments(command, scene, chance, tally, number, scene.duration(2));
}

fn moments(
    command: &str,
    scene: &Scene,
    chance: &mut Chance,
    tally: &mut Tally,
    number: u32,
    duration: std::time::Duration,
) {
    // A line without kills would be taken for one that has lost them.
    while number > 0 && tally.line("random").kills < number {
        let kill = Kill::After { moment: chance.moment(duration), group: chance.coin() };
        let next = if chance.coin() { Next::Init } else { Next::Same };
        let way = Way { next, hasty: scene.served() && chance.coin() };
        // A moment after the end of the command is no kill, and is not counted as one.
        trial(command, scene, &kill, way, chance.seed, tally.line("random"));
    }
}

/// One kill with everything that is asked of it; false if the command was through before it could be killed.
fn trial(command: &str, scene: &Scene, kill: &Kill, way: Way, seed: u64, line: &mut Line) -> bool {
    scene.restore();
    if kill.carry_out(&scene.fixture, scene.arguments).is_none() {
        return false;
    }
    let trial = Trial { scene, title: format!("{command}, killed {kill}, then {way:?} (STEAD_TORTURE_SEED={seed})") };
    line.kills += 1;
    let journal = scene.fixture.path(".stead/development/journal.json").exists();
    // Before the journal is written, and after it is removed, nothing that is looked at changes any more.
    let found = if way.hasty && journal { trial.unseen() } else { trial.at_once(journal, way.hasty) };
    match (found == scene.old, found == scene.new) {
        (true, _) => line.old += 1,
        (_, true) => line.new += 1,
        _ => line.between += 1,
    }
    let carried_on = journal || set(&found) == set(&scene.new);
    match way.next {
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
    /// Right after the kill each thing by itself is as before the command or as after it. On MySQL and MariaDB the journal
    /// may stand for views, triggers, routines and events that are on their way, and for a database that is to be filled.
    fn at_once(&self, journal: bool, hasty: bool) -> Things {
        if !hasty {
            served::settle(&self.scene.fixture);
        }
        let found = self.scene.look();
        for (name, look) in &found {
            let (old, new) = (&self.scene.old[name], &self.scene.new[name]);
            let on_its_way = journal && (name.starts_with("programs ") || look == served::EMPTY && old == ABSENT);
            let whole = look == old || look == new || on_its_way;
            assert!(whole, "{}: {name} is neither {old} nor {new} but {look}", self.title);
        }
        found
    }

    /// What is known while the server may still be at work: the files.
    fn unseen(&self) -> Things {
        let mut found = self.scene.old.clone();
        found.extend(look_at_files(&self.scene.fixture, &self.scene.view));
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
        if code == 0 {
            assert_eq!(
                served::written_locks(&scene.fixture),
                Vec::<String>::new(),
                "{}: after the command",
                self.title
            );
        }
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
        let unexplained = files::unexplained(&scene.fixture);
        assert_eq!(unexplained, Vec::<String>::new(), "{}: {when}", self.title);
        assert_eq!(scene.fixture.strays(), Vec::<String>::new(), "{}: {when}", self.title);
        // Snapshots that are ahead bring their files with them.
        let backups = |name: &&String| !name.starts_with("backups/") || now.values().all(|look| look != ABSENT);
        let files = scene.files();
        let missing: Vec<&String> = expected.difference(&files).filter(backups).collect();
        let extra: Vec<&String> = files.difference(expected).filter(backups).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{}: {when}: lost {missing:?}, left {extra:?}", self.title);
    }
}
