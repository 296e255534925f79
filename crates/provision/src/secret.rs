//! The password of a volume's superuser: drawn at random, kept in a file that only the owner reads, never shown. It is in no
//! argument and no environment variable of any process, since other users of the machine may look at those.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::ProvisionError;
use crate::{Account, Result};

/// What passwords are made of; nothing that would have to be quoted or encoded anywhere.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// 32 letters of 62 are 190 bits.
const LENGTH: usize = 32;

/// A password. `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A new one.
    pub(crate) fn draw() -> Self {
        let mut text = String::new();
        while text.len() < LENGTH {
            // Bytes from 248 on would favour the first letters.
            let usable = random::<64>().into_iter().filter(|byte| *byte < 248);
            text.extend(usable.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])));
        }
        text.truncate(LENGTH);
        Self(text)
    }

    /// The text, for whoever connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| ProvisionError::file("read", path, error))?;
        Ok(Self(text.trim_end().to_owned()))
    }

    pub(crate) fn write(&self, path: &Path, account: Option<&Account>) -> Result<()> {
        write_private(path, &self.0, account)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(***)")
    }
}

/// Writes a file that only its owner reads, from its first byte on, and syncs it.
pub(crate) fn write_private(path: &Path, text: &str, account: Option<&Account>) -> Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        if let Some(account) = account {
            std::os::unix::fs::fchown(&file, Some(account.uid), Some(account.gid))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| ProvisionError::file("write", path, error))
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.expect("every Unix has `/dev/urandom`");
    bytes
}
