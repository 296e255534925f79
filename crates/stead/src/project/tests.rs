//! Tests of the project file, one file a subject. Here is what they share: a throwaway project folder, and errors
//! written the way a person reads them, so that a test shows message, place and code in one line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{LoadOptions, Project, ProjectErrors};

mod documentation;
mod editing;
mod model;
mod precedence;
mod properties;
mod refusals;
mod secrets;
mod servers;

/// A project folder that is gone with the test, and the options it will be loaded with.
struct Folder {
    _temporary: tempfile::TempDir,
    path: PathBuf,
    options: LoadOptions,
}

impl Folder {
    /// A folder with a `stead.toml` of `text` and an app's folder called `app`.
    fn new(text: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().canonicalize().unwrap().join("project");
        std::fs::create_dir_all(path.join("app")).unwrap();
        let options = LoadOptions { directory: path.clone(), ..LoadOptions::default() };
        Self { _temporary: temporary, path, options }.file("stead.toml", text)
    }

    /// A folder whose file has a `[project]` section in its first two lines.
    fn named(text: &str) -> Self {
        Self::new(&format!("[project]\nname = \"addons\"\n{text}"))
    }

    fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.options.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn argument(mut self, path: &str, value: &str) -> Self {
        self.options.arguments.push((path.to_owned(), value.to_owned()));
        self
    }

    fn environment(mut self, name: &str) -> Self {
        self.options.environment = Some(name.to_owned());
        self
    }

    fn load(&self) -> Result<Project, ProjectErrors> {
        Project::load(&self.options)
    }

    #[track_caller]
    fn project(&self) -> Project {
        match self.load() {
            Ok(project) => project,
            Err(errors) => panic!("{errors}"),
        }
    }

    /// The errors, a line each: place, message and code.
    #[track_caller]
    fn errors(&self) -> Vec<String> {
        let errors = self.load().expect_err("the project should be refused");
        errors.errors().iter().map(written).collect()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn written(error: &super::ProjectError) -> String {
    match error.label() {
        Some(label) => format!("{}:{}:{}: {error} [{}]", label.name, label.line, label.column, error.code()),
        None => format!("{error} [{}]", error.code()),
    }
}

/// The settings as `path = value (origin)`.
fn listed(project: &Project) -> Vec<String> {
    project.settings().iter().map(|setting| format!("{setting} ({})", setting.origin)).collect()
}

/// The value and the origin of one setting.
#[track_caller]
fn setting(project: &Project, path: &str) -> (String, String) {
    let found = project.settings().into_iter().find(|setting| setting.path == path);
    let found = found.unwrap_or_else(|| panic!("no setting {path}"));
    (found.value_text(), found.origin.to_string())
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn exists(path: &Path) -> bool {
    path.exists()
}
