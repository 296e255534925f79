//! Locks that keep two runs apart. A lock belongs to a database (or to an environment's folder) and is released by the
//! operating system or the server when its holder dies, so a dead holder never blocks anybody.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::EngineError;

/// Who holds a lock, written where the next one who wants it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process number.
    pub process: u32,
    /// The machine's name.
    pub host: String,
    /// The user's name.
    pub user: String,
    /// The command, for example `stead upgrade`.
    pub command: String,
    /// When the lock was taken, UTC, RFC 3339.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, host, user, command, since } = self;
        write!(formatter, "`{command}` of {user} on {host}, process {process}, since {since}")
    }
}

/// A wish for a lock.
pub struct LockRequest<'a> {
    /// Who asks.
    pub holder: Holder,
    /// How long to wait before giving up with the class `lock-timeout`.
    pub timeout: Duration,
    /// Called once when the lock was not free for a second, with whoever holds it if that can be known.
    pub on_wait: &'a mut (dyn FnMut(Option<&Holder>) + Send),
}

/// A lock that is held until the value is dropped.
#[async_trait]
pub trait Lock: Send + Sync {
    /// Who held it before and did not give it back in an orderly way: the last run was cut off.
    fn left_behind(&self) -> Option<&Holder>;

    /// Asks whether it is held still, before something is done that cannot be taken back: a server frees the lock of a session
    /// that somebody has ended.
    ///
    /// # Errors
    ///
    /// That it is lost, in the class of whatever ended the session.
    async fn still_held(&self) -> Result<(), EngineError>;
}
