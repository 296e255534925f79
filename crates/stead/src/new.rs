//! A project to begin with: small, commented, and complete enough that `stead init` makes it run. The files are kept as
//! templates beside this module.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files;
use crate::project::LONGEST_NAME;

/// The files of a new project: path and text; `{name}` stands for the project's name.
const FILES: [(&str, &str); 7] = [
    ("stead.toml", include_str!("new/stead.toml.template")),
    ("apps/notes/models/notes.sql", include_str!("new/models.sql.template")),
    ("apps/notes/migrations/0001_notes.sql", include_str!("new/revision.sql.template")),
    ("seed/notes.csv", include_str!("new/notes.csv.template")),
    ("indexes/notes.sql", include_str!("new/documents.sql.template")),
    ("README.md", include_str!("new/README.md.template")),
    (".gitignore", ".stead/\nbackups/\nstorage/\n"),
];

/// Makes the project; the files it wrote, relative to the folder.
///
/// # Errors
///
/// A folder that exists and is not empty, or whatever the file system refuses.
pub fn new(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = plan(folder)?;
    let name = project_name(folder)?;
    for (path, text) in FILES {
        let path = folder.join(path);
        files::make_folder(path.parent().unwrap_or(folder))?;
        files::write_whole(&path, text.replace("{name}", &name).as_bytes())?;
    }
    Ok(files)
}

/// The files that [`new`] would write, relative to the folder.
///
/// # Errors
///
/// A folder that exists and is not empty, or whose name gives none for a project.
pub fn plan(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.exists() && !files::entries(folder)?.is_empty() {
        let message = format!("`{}` exists and is not empty", folder.display());
        return Err(Error::refused("folder-not-empty", message).hint("name a folder that does not exist yet"));
    }
    project_name(folder)?;
    Ok(FILES.iter().map(|(path, _)| PathBuf::from(path)).collect())
}

/// The folder's name, made to fit the rules for names.
fn project_name(folder: &Path) -> Result<String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let fitting = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let name: String = name.chars().map(fitting).collect();
    let name = name.trim_matches('-');
    let name = name[..name.len().min(LONGEST_NAME)].trim_end_matches('-').to_owned();
    if name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        return Ok(name);
    }
    let message = format!("`{}` gives no name for a project", folder.display());
    Err(Error::usage("project-name", message).hint("name a folder that begins with a letter"))
}
