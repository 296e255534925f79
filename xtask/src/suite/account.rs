//! The unprivileged account under which permission tests run when everything else runs as root, as it does in many CI machines.
//! Root may write anywhere, so a test of a read-only folder would pass or fail for the wrong reason without it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::tools::is_root;

/// Debian has this account on every machine, and it owns nothing.
const NOBODY: &str = "nobody";

/// Who runs the program under test, and from where.
pub(crate) struct Account {
    /// The account's name; nothing when we are not root and need none.
    pub(crate) user: Option<&'static str>,
    /// A `stead` that the account can start.
    pub(crate) binary: PathBuf,
    /// The folder made for the copy, if one was needed.
    folder: Option<PathBuf>,
}

impl Account {
    /// Chooses the account, and copies the program to where the account can reach it if it lies in somebody's private folder.
    pub(crate) fn prepare(binary: &Path) -> Result<Account> {
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let known = accounts.lines().any(|line| line.split(':').next() == Some(NOBODY));
        if !is_root() || !known {
            return Ok(Account { user: None, binary: binary.to_path_buf(), folder: None });
        }
        if everybody_reaches(binary) {
            return Ok(Account { user: Some(NOBODY), binary: binary.to_path_buf(), folder: None });
        }
        let folder = std::env::temp_dir().join(format!("stead-tests-{}", std::process::id()));
        let copy = copy_for_everybody(binary, &folder)?;
        Ok(Account { user: Some(NOBODY), binary: copy, folder: Some(folder) })
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // A copy that stays behind harms nothing, and there is nobody left to tell.
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// Whether any account may run the file, or enter the folder: every folder above it can be entered, and so can it.
pub(crate) fn everybody_reaches(path: &Path) -> bool {
    let open = |path: &Path| path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0);
    path.ancestors().filter(|folder| !folder.as_os_str().is_empty()).all(open)
}

pub(super) fn copy_for_everybody(binary: &Path, folder: &Path) -> Result<PathBuf> {
    let copy = folder.join("stead");
    let open = || -> std::io::Result<()> {
        std::fs::create_dir(folder)?;
        std::fs::copy(binary, &copy)?;
        for path in [folder, &copy] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    };
    open().with_context(|| format!("copying `{}` to `{}`", binary.display(), folder.display()))?;
    Ok(copy)
}
