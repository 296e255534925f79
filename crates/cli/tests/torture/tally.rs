//! The counts of a test, printed as a table: how often a command was killed, what was found at once, and how often the
//! work was finished afterwards.

use std::collections::BTreeMap;

/// Counts of one command, by the kind of kill.
#[derive(Default)]
pub(crate) struct Tally {
    lines: BTreeMap<&'static str, Line>,
}

/// Counts of one kind of kill.
#[derive(Clone, Copy, Default)]
pub(crate) struct Line {
    pub(crate) kills: u32,
    /// Everything was old.
    pub(crate) old: u32,
    /// Everything was new.
    pub(crate) new: u32,
    /// Each thing was old or new, but not all alike: the journal's business.
    pub(crate) between: u32,
    pub(crate) finished: u32,
}

impl Tally {
    pub(crate) fn line(&mut self, kind: &'static str) -> &mut Line {
        self.lines.entry(kind).or_default()
    }

    /// Prints the table and holds it against itself: every kill was judged, and every one was finished.
    #[expect(clippy::print_stdout, reason = "the counts are what a torture run is for")]
    pub(crate) fn conclude(&self, command: &str, seed: u64) {
        println!("\n{command} (STEAD_TORTURE_SEED={seed})");
        println!("  kill        kills    old    new  between  finished");
        for (kind, line) in &self.lines {
            let Line { kills, old, new, between, finished } = line;
            println!("  {kind:10} {kills:6} {old:6} {new:6} {between:8} {finished:9}");
            assert_eq!((*kills, *kills), (old + new + between, *finished), "{command}, {kind}");
            assert!(*kills > 0, "{command}: nothing was killed by {kind}");
        }
    }
}
