//! Fifteen ways in which tools lose the data of SQLite's users while every check says `ok`, each built for real, with
//! other processes that hold, write and die, and each shown not to catch the adapter. Where it is deterministic, the trap
//! itself is sprung first on a copy, so that the test fails if it should ever stop being a trap.

#[cfg(test)]
#[path = "traps/actor.rs"]
mod actor;
#[cfg(test)]
#[path = "traps/application.rs"]
mod application;
#[cfg(test)]
#[path = "traps/content.rs"]
mod content;
#[cfg(test)]
#[path = "traps/scene.rs"]
mod scene;
#[cfg(test)]
#[path = "traps/sharing.rs"]
mod sharing;
#[cfg(test)]
#[path = "traps/system.rs"]
mod system;
