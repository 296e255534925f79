//! The table of bad input: what a person can get wrong, or find broken, one case each. A case names how the project is
//! spoiled, the command, the exit code and the whole message; the runner adds what holds for all of them, that nothing
//! which was there before has changed and nothing was left lying about.

mod arguments;
mod case;
mod databases;
mod disk;
mod indexes;
mod names;
mod normal;
mod permissions;
mod project;
mod revisions;
mod scene;
mod seed;
mod servers;
mod snapshots;
mod state;

use std::collections::BTreeSet;

use crate::case::{Case, run};

/// Every part of the table.
const PARTS: [&[Case]; 11] = [
    arguments::CASES,
    databases::CASES,
    disk::CASES,
    indexes::CASES,
    names::CASES,
    permissions::CASES,
    project::CASES,
    revisions::CASES,
    seed::CASES,
    snapshots::CASES,
    state::CASES,
];

#[test]
fn the_table_has_its_cases_and_each_its_own_name() {
    let names: BTreeSet<&str> = PARTS.iter().copied().flatten().map(|case| case.name).collect();
    assert_eq!(names.len(), PARTS.iter().map(|part| part.len()).sum::<usize>(), "two cases have one name");
    assert!(names.len() >= 60, "only {} cases", names.len());
}

#[test]
fn arguments() {
    run(arguments::CASES);
}

#[test]
fn databases() {
    run(databases::CASES);
}

#[test]
fn disk() {
    run(disk::CASES);
}

/// What the text of a full disk recommends must work there.
#[test]
fn what_frees_space_works_on_a_full_disk() {
    for command in [&["undo", "--prune", "--yes"][..], &["snapshots", "remove", "kept", "--yes"]] {
        let mut scene = scene::Scene::new(case::Start::Ready);
        scene.dump();
        scene.ends(&["reset", "--yes"]);
        scene.small_disk(".stead", 4096, 0);
        if let Some((key, reason)) = &scene.skipped {
            stead_testkit::skip::skip_named(key, "bad_input::what_frees_space_works_on_a_full_disk", reason);
            return;
        }
        let ended = scene.ends(command);
        assert_eq!(ended.code, 0, "{command:?}: {}", ended.err);
        let kept = scene.tree("backups").keys().any(|path| path.contains("kept/"));
        assert_eq!(kept, command[0] == "undo");
    }
}

#[test]
fn indexes() {
    run(indexes::CASES);
}

#[test]
fn names() {
    run(names::CASES);
}

#[test]
fn permissions() {
    run(permissions::CASES);
}

#[test]
fn project() {
    run(project::CASES);
}

#[test]
fn revisions() {
    run(revisions::CASES);
}

#[test]
fn seed() {
    run(seed::CASES);
}

#[test]
fn snapshots() {
    run(snapshots::CASES);
}

#[test]
fn state() {
    run(state::CASES);
}
