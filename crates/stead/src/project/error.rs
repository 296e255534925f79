//! What can be wrong with a project file: each problem with a stable code, what to do about it, and the place it was
//! found at. Errors come in lists, because a person who mends a file wants to hear of all its faults at once.

use std::fmt;
use std::path::PathBuf;

use super::origin::{Label, Origin};

/// How many problems are listed; the rest are counted.
pub const LISTED_PROBLEMS: usize = 20;

/// One thing that is wrong with a project file, without its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no `stead.toml` where it was looked for.
    #[error("no `stead.toml` in `{directory}`{}", if *.searched { " or any folder above it" } else { "" })]
    NotFound {
        /// The folder the search began in.
        directory: String,
        /// Whether the folders above were searched as well.
        searched: bool,
    },
    /// A file is there and cannot be read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// The file, relative to the project folder.
        file: String,
        /// What the system, or the decoder, says.
        reason: String,
    },
    /// The text is not TOML.
    #[error("not valid TOML: {reason}")]
    Syntax {
        /// What the parser expected.
        reason: String,
    },
    /// The file is written in a later format.
    #[error("the project file has format {found}, this program reads format {known}")]
    Format {
        /// The format the file states.
        found: i64,
        /// The format this program reads.
        known: i64,
    },
    /// An included file is not there.
    #[error("the included file `{file}` does not exist")]
    IncludeMissing {
        /// The file as it was looked for.
        file: String,
    },
    /// A file includes itself, directly or by way of others.
    #[error("files include each other in a circle: {}", chain.join(" → "))]
    IncludeCycle {
        /// The files from the first to itself.
        chain: Vec<String>,
    },
    /// Includes of includes go deeper than anyone means.
    #[error("includes are nested more than {depth} deep")]
    IncludeDepth {
        /// The depth that is allowed.
        depth: usize,
    },
    /// The key may be stated in files only.
    #[error("`{path}` can only be set in a file")]
    FileOnly {
        /// The key.
        path: String,
    },
    /// There is no overlay file for the environment.
    #[error("the environment `{name}` has no file `stead.{name}.toml`")]
    EnvironmentUnknown {
        /// The environment that was asked for.
        name: String,
        /// The environments that have a file, and `development`.
        known: Vec<String>,
        /// The known one that resembles it.
        nearest: Option<String>,
    },
    /// An overlay tries to choose the environment, which has been chosen by then.
    #[error("`project.environment` is `{stated}` in the overlay of `{name}`")]
    EnvironmentInOverlay {
        /// The environment whose overlay it is.
        name: String,
        /// What the overlay states.
        stated: String,
    },
    /// A `${NAME}` names a variable that is not set.
    #[error("the environment variable `{name}` is not set")]
    VariableUnset {
        /// The variable.
        name: String,
    },
    /// A `${` that is not the start of a reference.
    #[error("`${{` is not followed by a variable's name and `}}`")]
    ReferenceMalformed,
    /// A variable or an argument does not name a setting.
    #[error("`{written}` does not name a setting: {reason}")]
    SettingPath {
        /// The variable or the path as written.
        written: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that nobody reads.
    #[error("unknown key `{key}`{}", section_suffix(section))]
    UnknownKey {
        /// The key.
        key: String,
        /// The section it stands in, empty at the top level.
        section: String,
        /// The known key that resembles it.
        nearest: Option<String>,
        /// All known keys of the section.
        known: Vec<String>,
    },
    /// A value of the wrong type.
    #[error("`{path}` must be {expected}, found {found}")]
    WrongType {
        /// The setting.
        path: String,
        /// What was expected, with its article.
        expected: String,
        /// What was found, with its article.
        found: String,
    },
    /// A key that must be there is not.
    #[error("`{path}` is missing")]
    MissingKey {
        /// The setting.
        path: String,
        /// What to write.
        advice: String,
    },
    /// A value of the right type that means nothing.
    #[error("`{path}` {reason}")]
    InvalidValue {
        /// The setting.
        path: String,
        /// What is wrong, as the rest of a sentence.
        reason: String,
        /// What to write instead.
        advice: String,
    },
    /// A word that is not one of those that are understood.
    #[error("`{path}` is `{found}`, which is not one of {}", listed(known))]
    UnknownWord {
        /// The setting.
        path: String,
        /// The word that was found.
        found: String,
        /// The words that are understood.
        known: Vec<String>,
        /// The one that resembles it.
        nearest: Option<String>,
    },
    /// A name with letters that names do not have.
    #[error("`{name}` is not a name for {what}")]
    InvalidName {
        /// The name.
        name: String,
        /// What it would name, with its article.
        what: String,
    },
    /// A URL whose scheme is not an engine's.
    #[error("`{path}` has the unknown scheme `{scheme}`")]
    UnknownScheme {
        /// The setting.
        path: String,
        /// The scheme.
        scheme: String,
        /// The known scheme that resembles it.
        nearest: Option<String>,
    },
    /// A database that the project does not have.
    #[error("`{path}` names the unknown database `{name}`")]
    UnknownDatabase {
        /// The setting.
        path: String,
        /// The name.
        name: String,
        /// The database that resembles it.
        nearest: Option<String>,
        /// The databases there are.
        known: Vec<String>,
    },
    /// An app that the project does not have.
    #[error("`{path}` names the unknown app `{name}`")]
    UnknownApp {
        /// The setting.
        path: String,
        /// The name.
        name: String,
        /// The app that resembles it.
        nearest: Option<String>,
        /// The apps there are.
        known: Vec<String>,
    },
    /// Apps depend on each other in a circle.
    #[error("apps depend on each other in a circle: {}", chain.join(" → "))]
    DependsCycle {
        /// The apps from the first to itself.
        chain: Vec<String>,
    },
    /// Two databases are the same one.
    #[error("the databases `{first}` and `{second}` are the same: `{location}`")]
    SharedDatabase {
        /// The database that comes first by name.
        first: String,
        /// The other.
        second: String,
        /// The file, or the URL without its password.
        location: String,
        /// Where the first one is stated.
        stated: String,
    },
    /// The folder of an app is not there.
    #[error("the folder of the app `{app}` does not exist: `{folder}`")]
    AppPathMissing {
        /// The app.
        app: String,
        /// The folder, relative to the project folder where it can be.
        folder: String,
    },
    /// A leaf that is not strictly inside the storage.
    #[error("the leaf `{leaf}` leaves the storage folder")]
    LeafEscapes {
        /// The leaf.
        leaf: String,
    },
    /// Two leaves that are the same or lie in each other.
    #[error("the leaf `{leaf}` overlaps with the leaf `{other}`")]
    LeafOverlap {
        /// The later leaf.
        leaf: String,
        /// The earlier leaf.
        other: String,
    },
    /// A leaf that stead's own files, or a database, lie in.
    #[error("the leaf `{leaf}` overlaps with {what}, `{folder}`")]
    LeafReserved {
        /// The leaf.
        leaf: String,
        /// What it would swap away.
        what: String,
        /// Where that lies.
        folder: String,
    },
    /// A seed step that is of no kind, or of more than one.
    #[error("`{path}` {}", seed_kinds(found))]
    SeedKind {
        /// The step.
        path: String,
        /// The kinds it names.
        found: Vec<String>,
    },
    /// An edit that the file's structure does not allow.
    #[error("cannot set `{path}`: {reason}")]
    NotEditable {
        /// The setting.
        path: String,
        /// What stands in the way.
        reason: String,
    },
}

impl Problem {
    /// The stable name of the kind of problem, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "project-not-found",
            Self::Unreadable { .. } => "file-unreadable",
            Self::Syntax { .. } => "toml-syntax",
            Self::Format { .. } => "format-unknown",
            Self::IncludeMissing { .. } => "include-missing",
            Self::IncludeCycle { .. } => "include-cycle",
            Self::IncludeDepth { .. } => "include-too-deep",
            Self::FileOnly { .. } => "file-only",
            Self::EnvironmentUnknown { .. } => "environment-unknown",
            Self::EnvironmentInOverlay { .. } => "environment-in-overlay",
            Self::VariableUnset { .. } => "variable-unset",
            Self::ReferenceMalformed => "reference-malformed",
            Self::SettingPath { .. } => "setting-path",
            Self::UnknownKey { .. } => "unknown-key",
            Self::WrongType { .. } => "wrong-type",
            Self::MissingKey { .. } => "missing-key",
            Self::InvalidValue { .. } => "invalid-value",
            Self::UnknownWord { .. } => "unknown-word",
            Self::InvalidName { .. } => "invalid-name",
            Self::UnknownScheme { .. } => "unknown-scheme",
            Self::UnknownDatabase { .. } => "unknown-database",
            Self::UnknownApp { .. } => "unknown-app",
            Self::DependsCycle { .. } => "depends-cycle",
            Self::SharedDatabase { .. } => "shared-database",
            Self::AppPathMissing { .. } => "app-path-missing",
            Self::LeafEscapes { .. } => "leaf-escapes",
            Self::LeafOverlap { .. } => "leaf-overlap",
            Self::LeafReserved { .. } => "leaf-reserved",
            Self::SeedKind { .. } => "seed-step-kind",
            Self::NotEditable { .. } => "not-editable",
        }
    }

    /// What to do about it, one suggestion each.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NotFound { .. } => {
                vec!["`stead new DIR` makes a project; `-C DIR` names the folder of one".to_owned()]
            }
            Self::Format { .. } => vec!["use a newer stead for this project".to_owned()],
            Self::IncludeMissing { .. } => {
                vec!["paths in `include` are relative to the file that states them".to_owned()]
            }
            Self::EnvironmentUnknown { nearest, known, .. } => near(nearest, "environments", known),
            Self::EnvironmentInOverlay { .. } => {
                vec!["choose the environment in `stead.toml`, with `STEAD_ENV` or with `--env`".to_owned()]
            }
            Self::VariableUnset { name } => {
                vec![format!("set `{name}`, or write `$${{` for a literal `${{`")]
            }
            Self::ReferenceMalformed => vec!["write `$${` for a literal `${`".to_owned()],
            Self::UnknownKey { nearest, known, .. } => near(nearest, "keys here", known),
            Self::MissingKey { advice, .. } | Self::InvalidValue { advice, .. } if !advice.is_empty() => {
                vec![advice.clone()]
            }
            Self::UnknownWord { nearest: Some(nearest), .. } => vec![format!("did you mean `{nearest}`?")],
            Self::InvalidName { .. } => {
                vec!["a name is a lower-case letter, then letters, digits, `_` or `-`, at most 63 in all".to_owned()]
            }
            Self::UnknownScheme { nearest, .. } => near(nearest, "schemes", &super::database::schemes()),
            Self::UnknownDatabase { nearest, known, .. } => near(nearest, "databases", known),
            Self::UnknownApp { nearest, known, .. } => near(nearest, "apps", known),
            Self::SharedDatabase { first, stated, .. } => {
                vec![format!("`{first}` is set at {stated}; give each database a place of its own")]
            }
            Self::AppPathMissing { .. } => vec!["create the folder, or mend `path`".to_owned()],
            Self::LeafEscapes { .. } => {
                vec!["name a folder inside `storage.path`, without `..` and without a leading `/`".to_owned()]
            }
            Self::SeedKind { .. } => vec!["give each step exactly one of `sql`, `csv` and `run`".to_owned()],
            Self::LeafReserved { .. } => vec!["a leaf is swapped as a whole: choose another folder for it".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// The suggestion for a near miss, else the words there are.
fn near(nearest: &Option<String>, what: &str, known: &[String]) -> Vec<String> {
    match nearest {
        Some(nearest) => vec![format!("did you mean `{nearest}`?")],
        None if known.is_empty() => vec![format!("there are no {what} yet")],
        None => vec![format!("{what}: {}", listed(known))],
    }
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn seed_kinds(found: &[String]) -> String {
    if found.is_empty() {
        "has none of `sql`, `csv`, `run`".to_owned()
    } else {
        format!("has {} at once", listed(found))
    }
}

fn section_suffix(section: &str) -> String {
    if section.is_empty() { " at the top level".to_owned() } else { format!(" in `{section}`") }
}

/// A problem at its place.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectError {
    problem: Box<Problem>,
    origin: Origin,
}

impl ProjectError {
    /// `problem`, found at `origin`.
    #[must_use]
    pub fn new(problem: Problem, origin: &Origin) -> Self {
        Self { problem: Box::new(problem), origin: origin.clone() }
    }

    /// `problem`, which is in no text.
    #[must_use]
    pub fn unplaced(problem: Problem) -> Self {
        Self { problem: Box::new(problem), origin: Origin::default_value() }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The stable name of the kind of problem, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// What to do about it, one suggestion each.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        self.problem.hints()
    }

    /// The place in the text that is at fault, if it is in a text.
    #[must_use]
    pub fn label(&self) -> Option<Label> {
        self.origin.label()
    }

    fn order(&self) -> (Option<PathBuf>, String, usize) {
        (self.origin.file().map(PathBuf::from), self.origin.name().to_owned(), self.origin.span().start)
    }
}

impl fmt::Display for ProjectError {
    /// The message alone; the place is in [`ProjectError::label`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.problem, formatter)
    }
}

impl fmt::Debug for ProjectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {self} [{}]", self.origin, self.code())
    }
}

impl std::error::Error for ProjectError {}

/// Everything found wrong, in the order of the files, at most [`LISTED_PROBLEMS`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectErrors {
    errors: Vec<ProjectError>,
    omitted: usize,
}

impl ProjectErrors {
    /// Sorts `errors` by place and keeps the first [`LISTED_PROBLEMS`].
    #[must_use]
    pub fn new(mut errors: Vec<ProjectError>) -> Self {
        errors.sort_by_cached_key(ProjectError::order);
        errors.dedup();
        let omitted = errors.len().saturating_sub(LISTED_PROBLEMS);
        errors.truncate(LISTED_PROBLEMS);
        Self { errors, omitted }
    }

    /// The errors, at least one.
    #[must_use]
    pub fn errors(&self) -> &[ProjectError] {
        &self.errors
    }

    /// How many more there are than are listed.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The code of the first error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.errors.first().map_or("project", ProjectError::code)
    }

    /// The hints of all errors, each once.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let mut hints: Vec<String> = Vec::new();
        for hint in self.errors.iter().flat_map(ProjectError::hints) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }
}

impl From<ProjectError> for ProjectErrors {
    fn from(error: ProjectError) -> Self {
        Self { errors: vec![error], omitted: 0 }
    }
}

impl fmt::Display for ProjectErrors {
    /// A line an error, each with its place; a last line counts what was left out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            match error.label() {
                Some(_) => write!(formatter, "{end}{}: {error}", error.origin)?,
                None => write!(formatter, "{end}{error}")?,
            }
        }
        if self.omitted > 0 {
            write!(formatter, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for ProjectErrors {}
