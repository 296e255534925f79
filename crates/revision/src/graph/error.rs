//! What can be wrong with a set of revision files taken together. Every error names the files, because ids mean little to
//! the person who has to mend them.

use std::fmt;

use thiserror::Error;

use crate::name::RevisionId;
use crate::near::listed;

/// A revision and its file, as messages name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The id, or another name of the revision.
    pub name: String,
    /// The file.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` ({})", self.name, self.path)
    }
}

/// Why revision files make no graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// Two files of an app have the same id.
    #[error("`{first}` and `{second}` are both revision `{id}` of `{app}`")]
    DuplicateId {
        /// The app.
        app: String,
        /// The id.
        id: RevisionId,
        /// One file.
        first: String,
        /// The other file.
        second: String,
    },
    /// Two files of an app have the same number and slug.
    #[error("`{first}` and `{second}` are both called `{name}` in `{app}`")]
    DuplicateName {
        /// The app.
        app: String,
        /// Number and slug.
        name: String,
        /// One file.
        first: String,
        /// The other file.
        second: String,
    },
    /// A parent does not exist.
    #[error("{child} follows `{parent}`, which no file of its app is")]
    UnknownParent {
        /// The revision that names it.
        child: Place,
        /// The parent as written.
        parent: String,
        /// An id that may be meant.
        suggestion: Option<String>,
    },
    /// A parent belongs to another app.
    #[error("{child} follows {parent}, which belongs to the app `{app}`")]
    ForeignParent {
        /// The revision that names it.
        child: Place,
        /// The parent.
        parent: Place,
        /// The parent's app.
        app: String,
    },
    /// A dependency does not exist.
    #[error("{child} depends on `{dependency}`, which does not exist")]
    UnknownDependency {
        /// The revision that names it.
        child: Place,
        /// The dependency as written.
        dependency: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A dependency may mean several revisions.
    #[error("{child} depends on `{dependency}`, which may be {}", listed(.candidates))]
    AmbiguousDependency {
        /// The revision that names it.
        child: Place,
        /// The dependency as written.
        dependency: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// A dependency lies in the same app.
    #[error("{child} depends on `{dependency}`, which lies in its own app")]
    OwnApp {
        /// The revision that names it.
        child: Place,
        /// The dependency as written.
        dependency: String,
    },
    /// Revisions wait for each other.
    #[error("revisions wait for each other in a circle: {}", arrows(.chain))]
    Cycle {
        /// The chain: each waits for the next, and the last is the first again.
        chain: Vec<Place>,
    },
}

impl GraphError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DuplicateId { .. } => "duplicate-revision",
            Self::DuplicateName { .. } => "duplicate-revision-name",
            Self::UnknownParent { .. } => "unknown-parent",
            Self::ForeignParent { .. } => "parent-in-other-app",
            Self::UnknownDependency { .. } => "unknown-dependency",
            Self::AmbiguousDependency { .. } => "ambiguous-dependency",
            Self::OwnApp { .. } => "dependency-in-own-app",
            Self::Cycle { .. } => "revision-cycle",
        }
    }

    /// What the writer of the files can do.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::DuplicateId { .. } => "give one of the two another id, also where it is named as a parent".to_owned(),
            Self::DuplicateName { .. } => "rename one of the two files".to_owned(),
            Self::UnknownParent { suggestion: Some(near), .. }
            | Self::UnknownDependency { suggestion: Some(near), .. } => {
                format!("did you mean `{near}`?")
            }
            Self::UnknownParent { .. } => "bring the parent's file back, or write `none` for a base".to_owned(),
            Self::ForeignParent { parent, app, .. } => format!("write `-- depends: {app}/{}` instead", parent.name),
            Self::UnknownDependency { .. } => "write `APP/REVISION` or `APP@head` of an app of this project".to_owned(),
            Self::AmbiguousDependency { .. } => "name one of them by its id".to_owned(),
            Self::OwnApp { .. } => "name it as a parent".to_owned(),
            Self::Cycle { .. } => "take one `parent`, `depends` or `replaces` out of the chain".to_owned(),
        }]
    }
}

fn arrows(chain: &[Place]) -> String {
    chain.iter().map(Place::to_string).collect::<Vec<_>>().join(" → ")
}
