//! Which port a server listens on. The system's own range for outgoing connections is avoided: a port from it that was free a
//! moment ago is taken by whatever connects next.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;

use crate::secret::random;

/// Where free ports are looked for; below what Linux and macOS use for outgoing connections.
pub(crate) const RANGE: RangeInclusive<u16> = 20_000..=31_999;

/// More tries than this find none because there is none.
const TRIES: usize = 200;

/// Whether a server could listen on that port of the loopback address now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A free port, chosen at random so that servers started at the same moment hardly ever choose the same.
pub(crate) fn choose() -> Option<u16> {
    (0..TRIES).map(|_| draw()).find(|port| is_free(*port))
}

fn draw() -> u16 {
    let width = u64::from(RANGE.end() - RANGE.start()) + 1;
    let offset = u64::from_le_bytes(random::<8>()) % width;
    RANGE.start() + u16::try_from(offset).expect("the offset is below the width of a range of ports")
}
