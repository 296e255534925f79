//! The storage leaves that the project names. `init` makes those that are missing and touches nothing else; emptying
//! them is the business of load, seed and reset, which build new ones beside.

use crate::environment::Environment;
use crate::error::Result;
use crate::files;

/// Makes the leaves that are missing; their names.
///
/// # Errors
///
/// Whatever the file system refuses, naming the folder.
pub fn make_leaves(environment: &Environment) -> Result<Vec<String>> {
    let mut made = Vec::new();
    for leaf in missing_leaves(environment) {
        files::make_folder(&environment.leaf(&leaf)?)?;
        made.push(leaf);
    }
    Ok(made)
}

/// The leaves that are not there.
#[must_use]
pub fn missing_leaves(environment: &Environment) -> Vec<String> {
    let Some(storage) = &environment.project.storage else { return Vec::new() };
    storage.leaves.iter().filter(|leaf| !storage.path.join(leaf).is_dir()).cloned().collect()
}
