//! What benchmarks beside a peer have in common. Times are taken in turns and the middle one counts; the memory is that of this
//! process, the peer's is its own affair.

use std::time::Duration;

/// The middle one; none of none.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort();
    times.get(times.len() / 2).copied()
}

/// The most memory that this process had, as the kernel says it.
#[must_use]
pub fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.map_or_else(|| "memory unknown".to_owned(), |line| line.split_whitespace().collect::<Vec<_>>().join(" "))
}
