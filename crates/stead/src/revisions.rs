//! The revision files of a project, read and put into one graph. This is the only place that walks the `migrations` folders;
//! everything about order and names is asked of the graph.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stead_revision::graph::{Graph, GraphError, Node};
use stead_revision::name::{FileName, NameError};
use stead_revision::reference::ReferenceError;
use stead_revision::{FileError, RevisionFile, checksum, parse};

use crate::error::{Error, Label, Result};
use crate::files;
use crate::project::{Migrations, Project};

/// One revision file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its checksum.
    pub checksum: String,
    /// What it says.
    pub file: RevisionFile,
}

/// Every revision file of the project.
pub struct Revisions {
    /// The graph.
    pub graph: Graph,
    files: BTreeMap<(String, String), Loaded>,
}

impl Revisions {
    /// Reads the files of every app.
    ///
    /// # Errors
    ///
    /// The first file that is wrong, pointing into it, or a set of files that makes no graph.
    pub fn read(project: &Project) -> Result<Self> {
        let mut nodes = Vec::new();
        let mut files = BTreeMap::new();
        for app in project.apps.values() {
            if app.migrations != Migrations::Revisions {
                let message =
                    format!("app `{}` keeps its migrations with another tool, which this version cannot run", app.name);
                return Err(Error::failed("unsupported", message));
            }
            for path in files::entries(&app.path.join("migrations"))? {
                if path.extension().is_some_and(|extension| extension == "sql") && files::is_content(&path) {
                    let (node, loaded) = read_one(project, &app.name, path)?;
                    nodes.push(node);
                    files.insert((app.name.clone(), loaded.file.id.to_string()), loaded);
                }
            }
        }
        Ok(Self { graph: Graph::new(nodes)?, files })
    }

    /// The file of a revision.
    ///
    /// # Errors
    ///
    /// A node that is not of this graph.
    pub fn loaded(&self, node: &Node) -> Result<&Loaded> {
        let key = (node.app.clone(), node.id.to_string());
        self.files.get(&key).ok_or_else(|| Error::bug(format!("no file was read for revision {}", node.id)))
    }

    /// True if a file is that revision, or stands for it.
    #[must_use]
    pub fn knows(&self, app: &str, id: &str) -> bool {
        self.graph.node(app, id).is_some() || self.graph.replaced_by(app, id).is_some()
    }

    /// True if a head of the app says that it was made from models with that hash.
    #[must_use]
    pub fn carries_models_hash(&self, app: &str, hash: &str) -> bool {
        let heads = self.graph.heads(app);
        let carries = |node: &Node| self.loaded(node).is_ok_and(|loaded| loaded.file.models.as_deref() == Some(hash));
        !heads.is_empty() && heads.into_iter().all(carries)
    }
}

fn read_one(project: &Project, app: &str, path: PathBuf) -> Result<(Node, Loaded)> {
    let text = crate::files::read_text(&path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = FileName::parse(&name).map_err(|error| of_name(&error, &path))?;
    let file = parse(&text).map_err(|error| of_file(&error, &path, &text))?;
    let checksum = checksum(&text);
    let shown = shown(project, &path);
    let node = Node::new(app, &shown, &name, &file, checksum.clone());
    Ok((node, Loaded { path, text, checksum, file }))
}

/// A path as messages show it: relative to the project where it lies inside.
#[must_use]
pub fn shown(project: &Project, path: &Path) -> String {
    path.strip_prefix(&project.folder).unwrap_or(path).display().to_string()
}

fn of_name(error: &NameError, path: &Path) -> Error {
    Error::usage(error.code(), format!("`{}`: {error}", path.display())).with_hints(error.hints())
}

/// An error of a revision file, pointing into it.
pub(crate) fn of_file(error: &FileError, path: &Path, text: &str) -> Error {
    let found = Error::usage(error.code(), error.to_string()).with_hints(error.hints());
    let Some(position) = error.position() else { return found.context(path.display()) };
    let start = position.offset.min(text.len());
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    found.label(Label { file: path.to_owned(), source: text.to_owned(), span: start..end, text: String::new() })
}

impl From<GraphError> for Error {
    fn from(error: GraphError) -> Self {
        Self::usage(error.code(), error.to_string()).with_hints(error.hints())
    }
}

impl From<ReferenceError> for Error {
    fn from(error: ReferenceError) -> Self {
        Self::usage(error.code(), error.to_string()).with_hints(error.hints())
    }
}
