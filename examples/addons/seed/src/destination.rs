//! Where everything goes: the two databases and the storage folder. `stead` names the copies it is building in the
//! environment, so the program never has to know where the project keeps its data.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::database::Location;
use crate::generate::StoredFile;

/// The places to fill. All of them exist already.
pub(crate) struct Destination {
    /// The database `catalog`.
    pub(crate) catalog: Location,
    /// The database `usage`.
    pub(crate) usage: Location,
    /// The folder that holds the leaves `icons` and `files`.
    pub(crate) storage: PathBuf,
}

impl Destination {
    /// Reads `STEAD_DATABASE_CATALOG_URL`, `STEAD_DATABASE_USAGE_URL` and `STEAD_STORAGE`.
    pub(crate) fn from_environment() -> Result<Self> {
        let storage = PathBuf::from(variable("STEAD_STORAGE")?);
        ensure!(storage.is_dir(), "`STEAD_STORAGE` names `{}`, which is not a folder", storage.display());
        Ok(Self {
            catalog: location("STEAD_DATABASE_CATALOG_URL")?,
            usage: location("STEAD_DATABASE_USAGE_URL")?,
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

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("`{name}` is not set to text; start this program with `stead seed`"))
}

fn location(name: &str) -> Result<Location> {
    Location::parse(&variable(name)?).with_context(|| format!("`{name}` is not the URL of a database"))
}
