//! Puts things that need each other into an order that works. The order is stable: what is free to choose is chosen by
//! rank and then by place in the list, so that equal schemas are written equally.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An order of `count` things in which each comes after those it needs: `needs[thing]` lists them. Of the things that are
/// ready the one with the lowest rank comes first, then the one that is listed first. What stands in a circle, or needs
/// something in one, is missing from the result.
pub(super) fn order<R: Ord + Copy>(ranks: &[R], needs: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (thing, needed) in needs.iter().enumerate() {
        needed.iter().for_each(|&other| needed_by[other].push(thing));
    }
    let free = |&thing: &usize| waiting[thing] == 0;
    let mut ready: BinaryHeap<Reverse<(R, usize)>> =
        (0..needs.len()).filter(free).map(|thing| Reverse((ranks[thing], thing))).collect();
    let mut ordered = Vec::with_capacity(needs.len());
    while let Some(Reverse((_, thing))) = ready.pop() {
        ordered.push(thing);
        for &other in &needed_by[thing] {
            waiting[other] -= 1;
            if waiting[other] == 0 {
                ready.push(Reverse((ranks[other], other)));
            }
        }
    }
    ordered
}

/// The things that stand in a circle: each needs itself through others.
pub(super) fn circles(needs: &[Vec<usize>]) -> Vec<usize> {
    let forward = reduced(needs);
    let mut backward: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (thing, needed) in forward.iter().enumerate() {
        needed.iter().for_each(|&other| backward[other].push(thing));
    }
    // What only needs a circle has been taken away from one end, what is only needed by one is taken from the other.
    let kept = reduced(&backward);
    (0..needs.len()).filter(|&thing| !kept[thing].is_empty()).collect()
}

/// The edges that are left when everything that can be ordered is taken away.
fn reduced(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut left = vec![true; needs.len()];
    order(&vec![0_u8; needs.len()], needs).into_iter().for_each(|thing| left[thing] = false);
    let keep = |needed: &Vec<usize>| needed.iter().copied().filter(|&other| left[other]).collect();
    needs.iter().enumerate().map(|(thing, needed)| if left[thing] { keep(needed) } else { Vec::new() }).collect()
}
