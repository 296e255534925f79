//! Local servers with volumes: what `stead up` starts, `stead down` stops and the tests of every adapter run on. A volume
//! is a folder with a life of its own; a server is a process that was started on it and can be stopped by its record.
//!
//! Nothing here reads the environment or knows an adapter. Where programs are looked for comes in as [`Surroundings`], and
//! whether a server answers is asked through a [`Probe`].

mod account;
mod arguments;
mod error;
mod initialise;
mod kind;
mod port;
mod process;
mod programs;
mod ready;
mod secret;
mod sockets;
mod start;
mod stop;
mod surroundings;
mod volume;

pub use account::Account;
pub use arguments::Profile;
pub use error::ProvisionError;
pub use kind::ServerKind;
pub use process::Process;
pub use programs::{Programs, find};
pub use ready::{Knock, NoAnswer, Probe};
pub use secret::Password;
pub use start::{Beginning, Start, Started, prepare, start};
pub use stop::{Stopped, Stopping, stop};
pub use surroundings::Surroundings;
pub use volume::{Access, Running, State, Volume, VolumeRecord, list, remove};

/// The result of whatever is done with a local server.
pub type Result<T, E = ProvisionError> = std::result::Result<T, E>;
