//! The folder of a server's Unix socket. A socket's path must fit into some hundred bytes, so it cannot lie in the volume, which
//! may be anywhere; it gets a short folder of its own that nobody else can enter.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::ProvisionError;
use crate::secret::random;
use crate::{Account, Result};

/// Begins the names of these folders.
const PREFIX: &str = "stead-";

/// The bytes that the path of a socket may have on every system that we run on: macOS takes 103, Linux 107.
const LONGEST: usize = 103;
/// The longest name that a server gives its socket, in a folder of ours.
const LONGEST_NAME: &str = "/stead-0123456789ab/.s.PGSQL.65535";
/// Where a folder is made if the one for short-lived files will not do: its path is too long, or the server cannot get there.
const ELSEWHERE: [&str; 2] = ["/tmp", "/var/tmp"];

/// Makes a new private folder. Its name is drawn at random, because whoever finds a foreseeable one first owns it.
pub(crate) fn make(temporary: &Path, account: Option<&Account>) -> Result<PathBuf> {
    let mut first = None;
    let elsewhere = ELSEWHERE.iter().map(Path::new).filter(|folder| *folder != temporary);
    for parent in [temporary].into_iter().chain(elsewhere) {
        match make_in(parent, account) {
            Ok(folder) => return Ok(folder),
            Err(error) => first.get_or_insert(error),
        };
    }
    let reason = first.map_or_else(String::new, |error| error.to_string());
    Err(ProvisionError::Sockets { reason })
}

fn make_in(parent: &Path, account: Option<&Account>) -> Result<PathBuf> {
    let parent = &std::path::absolute(parent).map_err(|error| ProvisionError::file("use the folder", parent, error))?;
    let unfit = |why: &str| Err(ProvisionError::file("use the folder", parent, io::Error::other(why)));
    if parent.as_os_str().len() + LONGEST_NAME.len() > LONGEST {
        return unfit("its path is too long for that of a socket in it");
    }
    // PostgreSQL takes a list of folders here.
    if parent.as_os_str().as_encoded_bytes().iter().any(|byte| b",\"".contains(byte)) {
        return unfit("there is a comma or a quotation mark in its path");
    }
    let token: String = random::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = parent.join(format!("{PREFIX}{token}"));
    if let Some(account) = account {
        account.refuse_out_of_reach(&folder)?;
    }
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
