//! Ways in which tools lose the data of MySQL's and MariaDB's users while everything says `ok`, each built for real on both
//! servers and shown not to catch the adapter. The numbers are those of the project's list of traps.

#[cfg(test)]
#[path = "traps/checks.rs"]
mod checks;
#[cfg(test)]
#[path = "traps/fixtures.rs"]
mod fixtures;
#[cfg(test)]
#[path = "traps/ground.rs"]
mod ground;
#[cfg(test)]
#[path = "traps/homes.rs"]
mod homes;
#[cfg(test)]
#[path = "traps/lax.rs"]
mod lax;
#[cfg(test)]
#[path = "traps/programs.rs"]
mod programs;
#[cfg(test)]
#[path = "traps/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "traps/settings.rs"]
mod settings;
#[cfg(test)]
#[path = "traps/swaps.rs"]
mod swaps;
#[cfg(test)]
#[path = "traps/views.rs"]
mod views;
