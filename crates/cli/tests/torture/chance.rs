//! Random moments that can be had again: a small generator whose seed is printed with every table and every failure.
//! Each test draws from a stream of its own, so that running one alone repeats what it did among all.

use std::time::Duration;

/// The environment variable that gives the seed.
const VARIABLE: &str = "STEAD_TORTURE_SEED";

/// A stream of random numbers (splitmix64).
pub(crate) struct Chance {
    pub(crate) seed: u64,
    state: u64,
}

impl Chance {
    /// The stream of a test. Without a seed from the environment it begins with the time.
    pub(crate) fn of(test: &str) -> Self {
        let given = std::env::var(VARIABLE).ok();
        let seed = given.map_or_else(now, |text| text.trim().parse().expect("STEAD_TORTURE_SEED is a number"));
        let name = blake3::hash(test.as_bytes());
        let name = u64::from_le_bytes(name.as_bytes()[..8].try_into().expect("eight bytes are eight bytes"));
        Self { seed, state: seed ^ name }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True half the time.
    pub(crate) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// A number below that one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("it is below a number of that size")
    }

    /// A moment before that one, every one as likely as the others.
    pub(crate) fn moment(&mut self, end: Duration) -> Duration {
        let nanoseconds = u64::try_from(end.as_nanos()).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(self.next() % nanoseconds)
    }
}

fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("the clock is past 1970");
    since.as_secs()
}
