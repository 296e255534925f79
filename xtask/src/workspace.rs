//! The repository as the chores see it: where it lies, which files belong to it, what cargo says of its crates.
//! Everything that asks git or cargo about the project is here, so that the rules work on plain values and can be tested.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The repository that holds this program.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
}

/// A text file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextFile {
    /// Relative to the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Workspace {
    /// Finds the root from the folder that cargo names when it runs this program.
    pub(crate) fn find() -> Result<Workspace> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR").context("start this program with `cargo xtask`")?;
        let root = Path::new(&own).parent().context("the folder of xtask has no parent")?;
        Ok(Workspace { root: root.to_path_buf() })
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The cargo that runs us, set to work in the root.
    pub(crate) fn cargo(&self) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// What `cargo metadata` says of the workspace's own crates.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let text = output(self.cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
        serde_json::from_str(&text).context("cargo metadata printed something that is not JSON")
    }

    /// The folder that cargo builds into.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let folder = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
        Ok(PathBuf::from(folder))
    }

    /// Every file that belongs to the project and is text, in the order of their paths.
    ///
    /// Git is asked, because it knows what is ignored; in a copy without git the folders are walked instead.
    pub(crate) fn files(&self) -> Result<Vec<TextFile>> {
        let mut paths = match self.paths_from_git() {
            Some(paths) => paths,
            None => self.paths_from_folders()?,
        };
        paths.sort();
        paths.dedup();
        Ok(paths.into_iter().filter_map(|path| self.read(path)).collect())
    }

    fn read(&self, path: String) -> Option<TextFile> {
        let text = std::fs::read_to_string(self.path(&path)).ok()?;
        Some(TextFile { path, text })
    }

    fn paths_from_git(&self) -> Option<Vec<String>> {
        let listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let text = output(Command::new("git").current_dir(&self.root).args(listing)).ok()?;
        let paths: Vec<String> = text.split('\0').filter(|path| !path.is_empty()).map(String::from).collect();
        (!paths.is_empty()).then_some(paths)
    }

    fn paths_from_folders(&self) -> Result<Vec<String>> {
        let mut paths = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).with_context(|| format!("reading `{}`", folder.display()))? {
                let entry = entry?;
                let name = entry.file_name();
                let is_folder = entry.file_type()?.is_dir();
                if is_folder && ![".git", "target", ".stead", "backups", "storage"].iter().any(|skip| name == *skip) {
                    folders.push(entry.path());
                } else if !is_folder && let Ok(inside) = entry.path().strip_prefix(&self.root) {
                    paths.push(inside.to_string_lossy().into_owned());
                }
            }
        }
        Ok(paths)
    }
}

/// Runs a program and returns what it wrote to stdout; a failing exit is an error with what it wrote to stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("starting `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not UTF-8"))
}

/// Runs a program with our own stdout and stderr and says whether it succeeded.
pub(crate) fn passes(command: &mut Command) -> Result<bool> {
    let shown = shown(command);
    println!("+ {shown}");
    Ok(command.status().with_context(|| format!("starting `{shown}`"))?.success())
}

/// The words of a command, the program by its file name alone.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
