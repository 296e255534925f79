//! The time of day in the few shapes that stead writes. Every time it records is UTC, so that ledgers, snapshots and
//! undo points of different machines can be put in order.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Now, RFC 3339 with milliseconds, for example `2026-03-01T09:30:00.250Z`.
#[must_use]
pub fn now() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Now as fourteen digits, `YYYYMMDDHHMMSS`: the default name of a snapshot.
#[must_use]
pub fn digits() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string()
}

/// A short word that no other run on this machine uses at the same time; it marks what belongs together in one run.
#[must_use]
pub fn token() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let nanoseconds = Timestamp::now().as_nanosecond();
    let seed = format!("{nanoseconds}/{}/{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst));
    blake3::hash(seed.as_bytes()).to_hex()[..12].to_owned()
}
