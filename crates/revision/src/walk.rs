//! One depth-first walk for graph and plans. It keeps its own stack, so that ten thousand revisions in a row do not
//! exhaust the thread's.

use std::collections::BTreeMap;

/// Everything reachable from `roots`, each after all that `next` gives for it, in an order that depends on the order of
/// roots and successors alone.
///
/// # Errors
/// What `next` fails with, or `cycle` of the chain when something can be reached from itself.
pub(crate) fn post_order<T: Ord + Clone, E>(
    roots: impl IntoIterator<Item = T>,
    mut next: impl FnMut(&T) -> Result<Vec<T>, E>,
    cycle: impl Fn(Vec<T>) -> E,
) -> Result<Vec<T>, E> {
    let mut finished: BTreeMap<T, bool> = BTreeMap::new();
    let mut order = Vec::new();
    for root in roots {
        let mut stack: Vec<(T, std::vec::IntoIter<T>)> = Vec::new();
        let mut entering = (!finished.contains_key(&root)).then_some(root);
        loop {
            if let Some(item) = entering.take() {
                finished.insert(item.clone(), false);
                let successors = next(&item)?.into_iter();
                stack.push((item, successors));
            }
            let Some((item, successors)) = stack.last_mut() else { break };
            match successors.next() {
                None => {
                    finished.insert(item.clone(), true);
                    order.push(item.clone());
                    stack.pop();
                }
                Some(successor) => match finished.get(&successor) {
                    Some(true) => (),
                    Some(false) => return Err(cycle(chain(&stack, &successor))),
                    None => entering = Some(successor),
                },
            }
        }
    }
    Ok(order)
}

/// From `start` down the stack, and `start` again.
fn chain<T: Ord + Clone, S>(stack: &[(T, S)], start: &T) -> Vec<T> {
    let items = stack.iter().map(|(item, _)| item).skip_while(|item| *item != start);
    items.chain([start]).cloned().collect()
}
