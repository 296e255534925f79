//! The graph as one database sees it. A revision that stands for others hides them, or, where a database has some of
//! them only, is hidden itself; edges are led around whatever is hidden.

use std::collections::BTreeSet;

use super::{Graph, distinct};

/// Which nodes count, and the edges between them; all by the nodes' places in the graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Revisions that stand for others and are passed over in favour of those.
    pub(crate) expanded: BTreeSet<usize>,
    pub(crate) visible: Vec<bool>,
    pub(crate) parents: Vec<Vec<usize>>,
    pub(crate) children: Vec<Vec<usize>>,
    pub(crate) depends: Vec<Vec<usize>>,
    pub(crate) dependants: Vec<Vec<usize>>,
}

impl View {
    /// The view in which the revisions of `expanded` are passed over.
    pub(crate) fn new(graph: &Graph, expanded: BTreeSet<usize>) -> Self {
        let count = graph.nodes.len();
        let empty = || vec![Vec::new(); count];
        let mut view = Self { expanded, children: empty(), dependants: empty(), ..Self::default() };
        view.visible = (0..count).map(|index| view.shown_for(graph, index) == [index]).collect();
        view.parents = view.led(graph, &graph.parents);
        view.depends = view.led(graph, &graph.depends);
        for index in 0..count {
            for parent in &view.parents[index] {
                view.children[*parent].push(index);
            }
            for dependency in &view.depends[index] {
                view.dependants[*dependency].push(index);
            }
        }
        view
    }

    /// What counts in place of a node: itself, the revision that stands for it, or those it stands for.
    pub(crate) fn shown_for(&self, graph: &Graph, index: usize) -> Vec<usize> {
        match self.cover(graph, index) {
            Some(cover) => self.shown_for(graph, cover),
            None if self.expanded.contains(&index) => {
                distinct(ends(graph, index).into_iter().flat_map(|end| self.shown_for(graph, end)))
            }
            None => vec![index],
        }
    }

    /// The revision that hides a node.
    pub(crate) fn cover(&self, graph: &Graph, index: usize) -> Option<usize> {
        graph.covers[index].iter().rev().find(|cover| !self.expanded.contains(cover)).copied()
    }

    /// The revision that hides a node without meaning the same: the node is not the last of those it stands for.
    pub(crate) fn hides_inner(&self, graph: &Graph, index: usize) -> Option<usize> {
        let cover = self.cover(graph, index)?;
        if ends(graph, cover) == [index] { self.hides_inner(graph, cover) } else { Some(cover) }
    }

    pub(crate) fn heads(&self, graph: &Graph, app: &str) -> Vec<usize> {
        self.of_app(graph, app, &self.children)
    }

    pub(crate) fn bases(&self, graph: &Graph, app: &str) -> Vec<usize> {
        self.of_app(graph, app, &self.parents)
    }

    fn of_app(&self, graph: &Graph, app: &str, edges: &[Vec<usize>]) -> Vec<usize> {
        graph.of_app(app).into_iter().filter(|index| self.visible[*index] && edges[*index].is_empty()).collect()
    }

    fn led(&self, graph: &Graph, edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let lead = |index: usize| distinct(edges[index].iter().flat_map(|target| self.shown_for(graph, *target)));
        (0..edges.len()).map(|index| if self.visible[index] { lead(index) } else { Vec::new() }).collect()
    }
}

/// Everything that `next` leads to from `starts`, and these.
pub(crate) fn closure<'a>(
    starts: impl IntoIterator<Item = usize>,
    next: impl Fn(usize) -> &'a Vec<usize>,
) -> BTreeSet<usize> {
    let mut waiting: Vec<usize> = starts.into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(index) = waiting.pop() {
        if found.insert(index) {
            waiting.extend(next(index));
        }
    }
    found
}

/// Among the revisions that `index` stands for, those that no other of them follows.
fn ends(graph: &Graph, index: usize) -> Vec<usize> {
    let node = &graph.nodes[index];
    let originals: BTreeSet<usize> =
        node.replaces.iter().filter_map(|id| graph.index(&node.app, id.as_str())).collect();
    let followed: BTreeSet<usize> = originals.iter().flat_map(|one| graph.parents[*one].iter().copied()).collect();
    originals.difference(&followed).copied().collect()
}
