//! Where everything goes: the two databases and the storage folder. `stead` names the copies it is building in the
//! environment, so the program never has to know where the project keeps its data.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rusqlite::{Connection, OpenFlags};

use crate::generate::StoredFile;

/// The places to fill. All of them exist already.
pub(crate) struct Destination {
    /// The file of the database `catalog`.
    pub(crate) catalog: PathBuf,
    /// The file of the database `usage`.
    pub(crate) usage: PathBuf,
    /// The folder that holds the leaves `icons` and `files`.
    pub(crate) storage: PathBuf,
}

impl Destination {
    /// Reads `STEAD_DATABASE_CATALOG_URL`, `STEAD_DATABASE_USAGE_URL` and `STEAD_STORAGE`.
    pub(crate) fn from_environment() -> Result<Self> {
        let storage = PathBuf::from(variable("STEAD_STORAGE")?);
        ensure!(storage.is_dir(), "`STEAD_STORAGE` names `{}`, which is not a folder", storage.display());
        Ok(Self {
            catalog: database_file("STEAD_DATABASE_CATALOG_URL")?,
            usage: database_file("STEAD_DATABASE_USAGE_URL")?,
            storage,
        })
    }

    /// Writes a file below the storage folder, with the folders on its way.
    pub(crate) fn store(&self, file: &StoredFile) -> Result<()> {
        let path = self.storage.join(&file.path);
        let folder = path.parent().expect("every stored file lies in a leaf");
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        fs::write(&path, &file.bytes).with_context(|| format!("cannot write `{}`", path.display()))
    }
}

/// Opens a database that is there, with foreign keys checked and room for the indexes in memory.
pub(crate) fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connect = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        Ok(connection)
    };
    connect().with_context(|| format!("cannot open the database `{}`", path.display()))
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("`{name}` is not set to text; start this program with `stead seed`"))
}

fn database_file(name: &str) -> Result<PathBuf> {
    path_in(&variable(name)?).with_context(|| format!("`{name}` is not the URL of a SQLite file"))
}

fn path_in(url: &str) -> Result<PathBuf> {
    match url.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
        Some((scheme, _)) => bail!("expected `sqlite:PATH`, found a URL that begins with `{scheme}:`"),
        None => bail!("expected `sqlite:PATH`, found no scheme"),
    }
}

#[cfg(test)]
mod tests;
