//! What tests of several crates share: the runner of stories and the reporting of skips. It is no part of any program, and
//! never imports the library: stories run the built binary, as a user would.

pub mod conformance;
pub mod fixture;
pub mod measure;
pub mod own_server;
pub mod script;
pub mod servers;
pub mod skip;
