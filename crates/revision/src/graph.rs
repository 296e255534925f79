//! The graph of all revisions of a project: parents within an app, dependencies between apps, and revisions that stand
//! for others. It is checked whole when it is built, before any database is asked, and everything about it is ordered by
//! app and number, so that the same files always give the same answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::file::RevisionFile;
use crate::name::{FileName, RevisionId};
use crate::walk::post_order;

mod build;
mod error;
#[cfg(test)]
pub(crate) mod tests;
mod view;

pub use error::{GraphError, Place};
pub(crate) use view::{View, closure};

/// One revision of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The app it belongs to.
    pub app: String,
    /// Its id, unique in its app.
    pub id: RevisionId,
    /// The number in its file's name.
    pub number: u64,
    /// The slug in its file's name.
    pub slug: String,
    /// Its message; the first line is the title.
    pub message: String,
    /// The revisions it follows.
    pub parents: Vec<RevisionId>,
    /// Revisions of other apps it depends on, as written in the file.
    pub depends: Vec<String>,
    /// The revisions it stands for.
    pub replaces: Vec<RevisionId>,
    /// The checksum of its file.
    pub checksum: String,
    /// Its file, as it should be shown in messages.
    pub path: String,
}

impl Node {
    /// A node from the parts of its file.
    #[must_use]
    pub fn new(app: &str, path: &str, name: &FileName, file: &RevisionFile, checksum: String) -> Self {
        Self {
            app: app.to_owned(),
            id: file.id.clone(),
            number: name.number,
            slug: name.slug.clone(),
            message: file.message.clone(),
            parents: file.parents.clone(),
            depends: file.depends.clone(),
            replaces: file.replaces.clone(),
            checksum,
            path: path.to_owned(),
        }
    }

    /// The stem of its file name: `0002_adding_offers`.
    #[must_use]
    pub fn stem(&self) -> String {
        FileName { number: self.number, slug: self.slug.clone() }.stem()
    }

    /// The first line of its message.
    #[must_use]
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// How messages name it: id and file.
    pub(crate) fn place(&self) -> Place {
        Place { name: self.id.to_string(), path: self.path.clone() }
    }
}

/// The graph. Where a revision stands for others whose files are still there, it counts and they are hidden, except in
/// plans for databases that have only some of them.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    by_id: BTreeMap<String, BTreeMap<RevisionId, usize>>,
    /// For each id, the revisions that stand for it, the one that stands for most last.
    replaced_by: BTreeMap<String, BTreeMap<RevisionId, Vec<usize>>>,
    /// For each node, the revisions that stand for it, the one that stands for most last.
    covers: Vec<Vec<usize>>,
    parents: Vec<Vec<usize>>,
    depends: Vec<Vec<usize>>,
    view: View,
    order: Vec<usize>,
}

impl Graph {
    /// Builds and checks the graph.
    ///
    /// # Errors
    /// Two revisions of an app share an id or a file name, a parent or dependency does not exist, a parent lies in
    /// another app, or revisions wait for each other in a circle.
    pub fn new(nodes: Vec<Node>) -> Result<Self, GraphError> {
        build::build(nodes)
    }

    /// All revisions, also hidden ones, by app, number and slug.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The apps that have revisions, in alphabetical order.
    #[must_use]
    pub fn apps(&self) -> Vec<&str> {
        self.by_id.keys().map(String::as_str).collect()
    }

    /// A revision by its id.
    #[must_use]
    pub fn node(&self, app: &str, id: &str) -> Option<&Node> {
        self.index(app, id).map(|index| &self.nodes[index])
    }

    /// The revision that stands for this id, whether or not its own file is still there.
    #[must_use]
    pub fn replaced_by(&self, app: &str, id: &str) -> Option<&Node> {
        self.replacing(app, id).map(|index| &self.nodes[index])
    }

    /// The revisions of an app that nothing follows.
    #[must_use]
    pub fn heads(&self, app: &str) -> Vec<&Node> {
        self.shown(self.view.heads(self, app))
    }

    /// The revisions of an app that follow nothing.
    #[must_use]
    pub fn bases(&self, app: &str) -> Vec<&Node> {
        self.shown(self.view.bases(self, app))
    }

    /// The revisions that `node` follows directly.
    #[must_use]
    pub fn parents(&self, node: &Node) -> Vec<&Node> {
        self.shown(self.edges(node, &self.view.parents, &self.parents))
    }

    /// The revisions that follow `node` directly.
    #[must_use]
    pub fn children(&self, node: &Node) -> Vec<&Node> {
        self.shown(self.edges(node, &self.view.children, &[]))
    }

    /// The revisions of other apps that `node` depends on.
    #[must_use]
    pub fn dependencies(&self, node: &Node) -> Vec<&Node> {
        self.shown(self.edges(node, &self.view.depends, &self.depends))
    }

    /// The revisions of other apps that depend on `node`.
    #[must_use]
    pub fn dependants(&self, node: &Node) -> Vec<&Node> {
        self.shown(self.edges(node, &self.view.dependants, &[]))
    }

    /// Everything in its app that `node` follows, directly or not, in order.
    #[must_use]
    pub fn ancestors(&self, node: &Node) -> Vec<&Node> {
        self.reached(node, |index| &self.view.parents[index])
    }

    /// Everything in its app that follows `node`, directly or not, in order.
    #[must_use]
    pub fn descendants(&self, node: &Node) -> Vec<&Node> {
        self.reached(node, |index| &self.view.children[index])
    }

    /// All revisions that count, each after its parents and dependencies.
    #[must_use]
    pub fn order(&self) -> Vec<&Node> {
        self.shown(self.order.iter().copied())
    }

    pub(crate) fn at(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub(crate) fn index(&self, app: &str, id: &str) -> Option<usize> {
        self.by_id.get(app)?.get(id).copied()
    }

    /// The nodes of an app, hidden ones too, by number and slug.
    pub(crate) fn of_app(&self, app: &str) -> Vec<usize> {
        let mut indexes: Vec<usize> = self.by_id.get(app).into_iter().flat_map(BTreeMap::values).copied().collect();
        indexes.sort_unstable();
        indexes
    }

    /// The node that stands for most among those that stand for this id.
    pub(crate) fn replacing(&self, app: &str, id: &str) -> Option<usize> {
        self.replaced_by.get(app)?.get(id)?.last().copied()
    }

    /// The places of all nodes that `view` shows, each after what it follows. Circles, which only a mixed view can have,
    /// fall back to the order of apps and numbers.
    pub(crate) fn ranks(&self, view: &View) -> Vec<usize> {
        let count = self.nodes.len();
        let mut ranks: Vec<usize> = (0..count).collect();
        for (rank, index) in ordered(view, count).unwrap_or_default().into_iter().enumerate() {
            ranks[index] = rank;
        }
        ranks
    }

    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    pub(crate) fn raw_depends(&self, index: usize) -> &[usize] {
        &self.depends[index]
    }

    fn shown(&self, indexes: impl IntoIterator<Item = usize>) -> Vec<&Node> {
        indexes.into_iter().map(|index| &self.nodes[index]).collect()
    }

    /// Edges of a revision that counts, or else those its file states.
    fn edges(&self, node: &Node, visible: &[Vec<usize>], hidden: &[Vec<usize>]) -> Vec<usize> {
        let Some(index) = self.index(&node.app, node.id.as_str()) else { return Vec::new() };
        let edges = if self.view.visible[index] { visible.get(index) } else { hidden.get(index) };
        edges.cloned().unwrap_or_default()
    }

    fn reached<'a>(&'a self, node: &Node, next: impl Fn(usize) -> &'a Vec<usize>) -> Vec<&'a Node> {
        let Some(start) = self.index(&node.app, node.id.as_str()) else { return Vec::new() };
        let found = view::closure([start], next);
        self.shown(self.order.iter().copied().filter(|index| *index != start && found.contains(index)))
    }
}

/// The nodes that `view` shows, each after what it waits for; the chain if they wait for each other.
pub(crate) fn ordered(view: &View, count: usize) -> Result<Vec<usize>, Vec<usize>> {
    let next = |index: &usize| Ok([&view.parents[*index][..], &view.depends[*index][..]].concat());
    post_order((0..count).filter(|index| view.visible[*index]), next, |chain| chain)
}

/// Without repetition, in order.
fn distinct(indexes: impl IntoIterator<Item = usize>) -> Vec<usize> {
    indexes.into_iter().collect::<BTreeSet<usize>>().into_iter().collect()
}
