//! As whom a server runs when stead itself runs as root, as it does in containers: the servers refuse root, so they get an
//! account of the machine. The owner of the folder comes first, because the files are to be theirs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use crate::error::ProvisionError;
use crate::{Result, ServerKind};

/// An account of the machine other than root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The number of its first group.
    pub gid: u32,
}

impl Account {
    /// The account for a server on that volume; none if we are not root and run it as ourselves.
    ///
    /// # Errors
    ///
    /// A configured user who is not there or is root, or no account that fits.
    pub(crate) fn choose(kind: ServerKind, configured: Option<&str>, volume: &Path) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self::among(&accounts, kind, configured, owner(volume)).map(Some)
    }

    /// The choice among the accounts of a machine, given as the text of `/etc/passwd`.
    fn among(accounts: &str, kind: ServerKind, configured: Option<&str>, owner: Option<u32>) -> Result<Self> {
        let root = |reason: String| ProvisionError::Root { kind, reason };
        let all: Vec<Self> = accounts.lines().filter_map(read).filter(|account| account.uid != 0).collect();
        let named = |name: &str| all.iter().find(|account| account.name == name).cloned();
        if let Some(user) = configured {
            return named(user).ok_or_else(|| root(format!("`{user}` is no account of this machine other than root")));
        }
        let owner = owner.and_then(|uid| all.iter().find(|account| account.uid == uid).cloned());
        let usual = match kind {
            ServerKind::Postgres => "postgres",
            _ => "mysql",
        };
        let found = owner.or_else(|| named(usual)).or_else(|| named("nobody"));
        found.ok_or_else(|| root(format!("there is neither an account `{usual}` nor `nobody`")))
    }

    /// Gives a path to the account.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| ProvisionError::file("change the owner of", path, error))
    }

    /// Refuses a folder that the account cannot get to, naming the first that is closed to it.
    pub(crate) fn refuse_out_of_reach(&self, folder: &Path) -> Result<()> {
        let above: Vec<&Path> = folder.ancestors().collect();
        let closed = above.into_iter().rev().find(|folder| {
            !folder.as_os_str().is_empty() && fs::metadata(folder).is_ok_and(|metadata| !self.may_enter(&metadata))
        });
        match closed {
            Some(folder) => Err(ProvisionError::OutOfReach { user: self.name.clone(), folder: folder.to_path_buf() }),
            None => Ok(()),
        }
    }

    fn may_enter(&self, metadata: &fs::Metadata) -> bool {
        let mode = metadata.permissions().mode();
        if metadata.uid() == self.uid {
            mode & 0o100 != 0
        } else if metadata.gid() == self.gid {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    }
}

/// A line of `/etc/passwd`: name, password, uid, gid, and more.
fn read(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let _password = fields.next()?;
    Some(Account { name, uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

/// The owner of the volume, or of what it would be made in.
fn owner(volume: &Path) -> Option<u32> {
    volume
        .ancestors()
        .find_map(|folder| fs::metadata(folder).ok())
        .map(|metadata| metadata.uid())
        .filter(|uid| *uid != 0)
}

#[cfg(test)]
mod tests;
