//! Ways in which tools lose or change data on PostgreSQL without an error, each built for real, dumped, loaded and compared by
//! inspection and by rows, on every version that is there. The numbers are those of the project's list of traps.

#[cfg(test)]
#[path = "traps/large.rs"]
mod large;
#[cfg(test)]
#[path = "traps/moment.rs"]
mod moment;
#[cfg(test)]
#[path = "traps/objects.rs"]
mod objects;
#[cfg(test)]
#[path = "traps/order.rs"]
mod order;
#[cfg(test)]
#[path = "traps/outside.rs"]
mod outside;
#[cfg(test)]
#[path = "traps/owners.rs"]
mod owners;
#[cfg(test)]
#[path = "traps/pools.rs"]
mod pools;
#[cfg(test)]
#[path = "traps/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "traps/scene.rs"]
mod scene;
#[cfg(test)]
#[path = "traps/settings.rs"]
mod settings;
#[cfg(test)]
#[path = "traps/swapping.rs"]
mod swapping;
#[cfg(test)]
#[path = "traps/versions.rs"]
mod versions;
