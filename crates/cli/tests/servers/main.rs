//! Local servers as people run them: the real command in a folder of its own, starting real servers. Every test that needs a server
//! is run on each that is there, and its name carries the row and the server.

mod around;
mod copied;
mod kills;
mod lines;
mod local;
mod logged;
mod rows;
mod secured;

const STEAD: &str = env!("CARGO_BIN_EXE_stead");
