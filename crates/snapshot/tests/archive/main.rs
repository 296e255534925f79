//! The archive through its public face, in one program: the format, the shelf, pipes, kept copies, stored files. Tests
//! named after a row or a trap prove that row or trap.

#![expect(clippy::unwrap_used, reason = "what tests share fails as tests do, by panicking")]

mod common;
mod format;
mod kept;
mod shelf;
mod storage;
mod stream;
mod throughput;
