//! The lock that keeps two runs of stead off one database: a file beside the resolved one. What a file lock is, and who
//! releases it when, stands with the port; here is only where it lies.

use stead_engine::file_lock::lock_file;
use stead_engine::{EngineError, Lock, LockRequest, Place};

use crate::connect::filesystem::{folder_of, hidden_beside, writable_folder};
use crate::connect::opening::find;

#[cfg(test)]
mod tests;

/// Takes the lock of the database at a place, which need not exist yet.
pub(crate) async fn acquire(place: &Place, request: LockRequest<'_>) -> Result<Box<dyn Lock>, EngineError> {
    let database = find(place)?.path().to_owned();
    let path = hidden_beside(&database, "lock");
    if !path.exists() {
        // A folder that cannot be written to is the cause worth naming, not the lock file in it.
        writable_folder(folder_of(&path))?;
    }
    lock_file(&path, &database, request).await
}
