//! The folder of a server's Unix socket. A socket's path must fit into some hundred bytes, so it cannot lie in the volume, which
//! may be anywhere; it gets a short folder of its own that nobody else can enter.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::ProvisionError;
use crate::secret::random;
use crate::{Account, Result};

/// Begins the names of these folders.
const PREFIX: &str = "stead-";

/// Makes a new private folder. Its name is drawn at random, because whoever finds a foreseeable one first owns it.
pub(crate) fn make(temporary: &Path, account: Option<&Account>) -> Result<PathBuf> {
    let token: String = random::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = temporary.join(format!("{PREFIX}{token}"));
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    made.map_err(|error| ProvisionError::file("make the folder", &folder, error))?;
    if let Some(account) = account {
        account.own(&folder)?;
    }
    Ok(folder)
}

/// Removes a folder that [`make`] made. One that stays behind is empty and harms nobody.
pub(crate) fn remove(folder: &Path) {
    let ours = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    if ours {
        let _left = fs::remove_dir_all(folder);
    }
}
