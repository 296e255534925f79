//! Writing the next revision file of an app: its number, an id, and the app's head as its parent, with empty sections
//! for a person to fill. No database is asked, so it works on a plane.

use std::path::PathBuf;

use stead_revision::{NewRevision, RevisionId, render, slug};

use crate::error::{Error, Result};
use crate::project::Project;
use crate::revisions::{Revisions, of_file};
use crate::{clock, files};

/// A revision file that is not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The app.
    pub app: String,
    /// The new id.
    pub id: String,
    /// Where it will be.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Prepares the next revision file.
///
/// # Errors
///
/// An app that is unknown or not unique, two heads, or a message that cannot be one.
pub fn draft(project: &Project, message: &str, app: Option<&str>) -> Result<Draft> {
    let app = choose_app(project, app)?;
    let message = message.trim();
    if message.is_empty() {
        return Err(
            Error::usage("message-empty", "a revision needs a message").hint("say in a few words what it changes")
        );
    }
    let revisions = Revisions::read(project)?;
    let heads = revisions.graph.heads(&app);
    if let [first, second, ..] = heads.as_slice() {
        let message = format!("app `{app}` has two heads, {} and {}", first.id, second.id);
        return Err(Error::usage("two-heads", message)
            .hint("make one follow the other by its `-- parent:` line, or merge them"));
    }
    let mut revision = NewRevision::new(message, new_id());
    revision.parents = heads.iter().map(|head| head.id.clone()).collect();
    let number = revisions.graph.nodes().filter(|node| node.app == app).map(|node| node.number).max().unwrap_or(0) + 1;
    let name = format!("{number:04}_{}.sql", slug(message));
    let path = project.apps[&app].path.join("migrations").join(name);
    let text = render(&revision).map_err(|error| of_file(&error, &path, message))?;
    Ok(Draft { app, id: revision.id.to_string(), path, text })
}

/// Writes it.
///
/// # Errors
///
/// A file of that name that was not there yet when this one was drafted, or whatever the file system refuses.
pub fn write(draft: &Draft) -> Result<()> {
    files::make_folder(draft.path.parent().unwrap_or(&draft.path))?;
    files::write_new(&draft.path, draft.text.as_bytes())
}

fn new_id() -> RevisionId {
    let hash = blake3::hash(clock::token().as_bytes());
    let bytes = hash.as_bytes();
    RevisionId::from_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]])
}

/// The app that was named, or the only one.
///
/// # Errors
///
/// A name that is not in the project, or none where there are several.
pub fn choose_app(project: &Project, app: Option<&str>) -> Result<String> {
    let names = || project.apps.keys().map(String::as_str);
    match app {
        Some(app) if project.apps.contains_key(app) => Ok(app.to_owned()),
        Some(app) => Err(crate::environment::unknown("app", app, names())),
        None if project.apps.len() == 1 => Ok(names().collect()),
        None if project.apps.is_empty() => {
            Err(Error::usage("app-missing", "the project has no app whose revisions could be meant")
                .hint("`[apps.NAME]` in the project file declares one, with `path = \"apps/NAME\"`"))
        }
        None => {
            let list = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(Error::usage("app-missing", format!("say which app is meant: {list}")).hint("add `--app NAME`"))
        }
    }
}
