//! Builds the graph step by step: order the nodes, find doubles, resolve parents and dependencies, look for circles. Each
//! step may rely on the ones before, so the first error is the one to mend first.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{GraphError, Place};
use super::view::View;
use super::{Graph, Node, distinct, ordered};
use crate::name::RevisionId;
use crate::near::nearest;
use crate::reference::{ReferenceError, named};
use crate::walk::post_order;

pub(super) fn build(mut nodes: Vec<Node>) -> Result<Graph, GraphError> {
    nodes.sort_by(|left, right| key(left).cmp(&key(right)));
    let mut graph = Graph {
        by_id: identified(&nodes)?,
        replaced_by: replaced(&nodes),
        covers: Vec::new(),
        parents: Vec::new(),
        depends: Vec::new(),
        view: View::default(),
        order: Vec::new(),
        nodes,
    };
    graph.covers = covers(&graph);
    refuse_replacing_circles(&graph)?;
    graph.parents = (0..graph.nodes.len()).map(|index| parents(&graph, index)).collect::<Result<_, _>>()?;
    graph.depends = vec![Vec::new(); graph.nodes.len()];
    // References such as `accounts@head` need the edges between parents, so the view is made twice.
    graph.view = View::new(&graph, BTreeSet::new());
    graph.depends = (0..graph.nodes.len()).map(|index| depends(&graph, index)).collect::<Result<_, _>>()?;
    refuse_written_circles(&graph)?;
    graph.view = View::new(&graph, BTreeSet::new());
    graph.order = ordered(&graph.view, graph.nodes.len()).map_err(|chain| circle(&graph, &chain))?;
    Ok(graph)
}

fn key(node: &Node) -> (&str, u64, &str, &RevisionId) {
    (&node.app, node.number, &node.slug, &node.id)
}

fn identified(nodes: &[Node]) -> Result<BTreeMap<String, BTreeMap<RevisionId, usize>>, GraphError> {
    let mut by_id: BTreeMap<String, BTreeMap<RevisionId, usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        if let Some(first) = by_id.entry(node.app.clone()).or_default().insert(node.id.clone(), index) {
            let (first, second) = (nodes[first].path.clone(), node.path.clone());
            return Err(GraphError::DuplicateId { app: node.app.clone(), id: node.id.clone(), first, second });
        }
    }
    let same_name = |pair: &&[Node]| (&pair[0].app, pair[0].stem()) == (&pair[1].app, pair[1].stem());
    match nodes.windows(2).find(same_name) {
        None => Ok(by_id),
        Some(pair) => Err(GraphError::DuplicateName {
            app: pair[0].app.clone(),
            name: pair[0].stem(),
            first: pair[0].path.clone(),
            second: pair[1].path.clone(),
        }),
    }
}

fn replaced(nodes: &[Node]) -> BTreeMap<String, BTreeMap<RevisionId, Vec<usize>>> {
    let mut found: BTreeMap<String, BTreeMap<RevisionId, Vec<usize>>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for id in &node.replaces {
            found.entry(node.app.clone()).or_default().entry(id.clone()).or_default().push(index);
        }
    }
    for replacing in found.values_mut().flat_map(BTreeMap::values_mut) {
        replacing.sort_by_key(|index| (nodes[*index].replaces.len(), *index));
    }
    found
}

/// A revision is covered by one that names it, and by one that stands for more than all it stands for itself.
fn covers(graph: &Graph) -> Vec<Vec<usize>> {
    let wider = |inner: &Node, outer: &Node| {
        let held = !inner.replaces.is_empty() && inner.replaces.iter().all(|id| outer.replaces.contains(id));
        held && inner.app == outer.app && outer.replaces.len() > inner.replaces.len()
    };
    let standing: Vec<usize> =
        (0..graph.nodes.len()).filter(|index| !graph.nodes[*index].replaces.is_empty()).collect();
    let covers_of = |node: &Node| {
        let covering =
            |outer: &&Node| (node.app == outer.app && outer.replaces.contains(&node.id)) || wider(node, outer);
        let mut found: Vec<usize> = standing.iter().copied().filter(|index| covering(&&graph.nodes[*index])).collect();
        found.sort_by_key(|index| (graph.nodes[*index].replaces.len(), *index));
        found
    };
    graph.nodes.iter().map(covers_of).collect()
}

fn refuse_replacing_circles(graph: &Graph) -> Result<(), GraphError> {
    let all = 0..graph.nodes.len();
    post_order(all, |index| Ok(graph.covers[*index].clone()), |chain| circle(graph, &chain)).map(|_| ())
}

/// Circles among the files as written, where nothing is hidden.
fn refuse_written_circles(graph: &Graph) -> Result<(), GraphError> {
    let next = |index: &usize| Ok([&graph.parents[*index][..], &graph.depends[*index][..]].concat());
    post_order(0..graph.nodes.len(), next, |chain| circle(graph, &chain)).map(|_| ())
}

fn circle(graph: &Graph, chain: &[usize]) -> GraphError {
    GraphError::Cycle { chain: chain.iter().map(|index| graph.nodes[*index].place()).collect() }
}

fn parents(graph: &Graph, index: usize) -> Result<Vec<usize>, GraphError> {
    let node = &graph.nodes[index];
    let found = node.parents.iter().map(|id| parent(graph, node, id)).collect::<Result<Vec<usize>, _>>()?;
    Ok(distinct(found))
}

fn parent(graph: &Graph, node: &Node, id: &RevisionId) -> Result<usize, GraphError> {
    let own = graph.index(&node.app, id.as_str()).or_else(|| graph.replacing(&node.app, id.as_str()));
    own.ok_or_else(|| match graph.nodes.iter().find(|other| other.id == *id) {
        Some(other) => GraphError::ForeignParent { child: node.place(), parent: other.place(), app: other.app.clone() },
        None => {
            let ids = graph.nodes.iter().filter(|other| other.app == node.app && other.id != node.id);
            let suggestion = nearest(id.as_str(), ids.map(|other| other.id.as_str())).map(str::to_owned);
            GraphError::UnknownParent { child: node.place(), parent: id.to_string(), suggestion }
        }
    })
}

fn depends(graph: &Graph, index: usize) -> Result<Vec<usize>, GraphError> {
    let node = &graph.nodes[index];
    let found = node.depends.iter().map(|text| dependency(graph, node, text)).collect::<Result<Vec<_>, _>>()?;
    Ok(distinct(found.into_iter().flatten()))
}

fn dependency(graph: &Graph, node: &Node, text: &str) -> Result<Vec<usize>, GraphError> {
    let unknown = |suggestion: Option<String>| GraphError::UnknownDependency {
        child: node.place(),
        dependency: text.to_owned(),
        suggestion,
    };
    let (app, name) = text.split_once(['/', '@']).unwrap_or((text, ""));
    if !graph.by_id.contains_key(app) {
        let near = nearest(app, graph.apps()).map(|near| text.replacen(app, near, 1));
        return Err(unknown(near));
    }
    if app == node.app {
        return Err(GraphError::OwnApp { child: node.place(), dependency: text.to_owned() });
    }
    match name {
        "head" | "heads" => Ok(graph.view.heads(graph, app)),
        "base" => Ok(graph.view.bases(graph, app)),
        _ => match named(graph, app, name) {
            Ok(Some(found)) => Ok(vec![found]),
            Ok(None) => Err(unknown(near_revision(graph, app, name))),
            Err(ReferenceError::Ambiguous { candidates, .. }) => {
                Err(GraphError::AmbiguousDependency { child: node.place(), dependency: text.to_owned(), candidates })
            }
            Err(_) => Err(unknown(None)),
        },
    }
}

fn near_revision(graph: &Graph, app: &str, name: &str) -> Option<String> {
    let names = graph.of_app(app).into_iter().flat_map(|index| {
        let node = &graph.nodes[index];
        [node.id.to_string(), node.stem(), format!("{:04}", node.number)]
    });
    let names: Vec<String> = names.collect();
    nearest(name, names.iter().map(String::as_str)).map(|near| format!("{app}/{near}"))
}

impl From<&Node> for Place {
    fn from(node: &Node) -> Self {
        node.place()
    }
}
