//! One test for each command that changes something, on the small project.

use crate::look::{ABSENT, set};
use crate::scene::{Again, SMALL, Scene, lived_in, project};
use crate::trial::torture;

/// A state whose parts all differ from those of the other state shows every mixture.
fn tells_every_part_apart(scene: &Scene) {
    let alike: Vec<_> = set(&scene.old).into_iter().filter(|(name, look)| scene.new[name] == *look).collect();
    assert!(alike.is_empty(), "the same before and after the command: {alike:?}");
}

#[test]
fn kill_during_init() {
    let scene = Scene::new(project(), &["init"], Again::Same, SMALL);
    tells_every_part_apart(&scene);
    assert!(set(&scene.old).values().all(|look| look == ABSENT), "{:?}", scene.old);
    torture("init", &scene);
}

#[test]
fn kill_during_init_clean() {
    let scene = Scene::new(lived_in(), &["init", "--clean"], Again::Same, SMALL);
    tells_every_part_apart(&scene);
    torture("init --clean", &scene);
}

#[test]
fn kill_during_init_load() {
    let scene = Scene::new(lived_in(), &["init", "--load", "b"], Again::Same, SMALL);
    tells_every_part_apart(&scene);
    torture("init --load b", &scene);
}

#[test]
fn kill_during_seed() {
    let fixture = lived_in();
    // The snapshot `_init` differs as well.
    let items = fixture.read("seed/items.csv");
    fixture.write("seed/items.csv", format!("{items}3,3,Article kite,\\N,20\n"));
    let scene = Scene::new(fixture, &["seed"], Again::Same, SMALL);
    tells_every_part_apart(&scene);
    assert_ne!(scene.old["snapshot _init"], scene.new["snapshot _init"]);
    torture("seed", &scene);
}

#[test]
fn kill_during_dump() {
    let scene = Scene::new(lived_in(), &["dump", "--name", "c"], Again::Taken, SMALL);
    assert_eq!((set(&scene.old), scene.old["snapshot c"].as_str()), (set(&scene.new), ABSENT));
    torture("dump", &scene);
}

#[test]
fn kill_during_dump_force() {
    let scene = Scene::new(lived_in(), &["dump", "--name", "b", "--force"], Again::Same, SMALL);
    assert_ne!(scene.old["snapshot b"], scene.new["snapshot b"]);
    torture("dump --force", &scene);
}

#[test]
fn kill_during_load() {
    let scene = Scene::new(lived_in(), &["load", "b"], Again::Same, SMALL);
    tells_every_part_apart(&scene);
    torture("load", &scene);
}

#[test]
fn kill_during_undo() {
    let fixture = lived_in();
    fixture.run(["load", "b"]).exits(0);
    let scene = Scene::new(fixture, &["undo"], Again::Back, SMALL);
    tells_every_part_apart(&scene);
    torture("undo", &scene);
}

#[test]
fn kill_during_reset() {
    let scene = Scene::new(lived_in(), &["reset", "--yes"], Again::Same, SMALL);
    tells_every_part_apart(&scene);
    torture("reset", &scene);
}
