//! A seed program outlives a stead that was killed alone, and goes on writing into a copy that nobody will use. The next
//! command must neither trip over it nor let it leave anything behind.

use std::time::{Duration, Instant};

use crate::files;
use crate::kill::Kill;
use crate::look::set;
use crate::scene::{Again, SMALL, Scene, lived_in, project};

/// Makes folders and files again and again, by their paths, for about a second and a half.
const STUBBORN: &str = "set -eu
echo 'a hammer' > \"$STEAD_STORAGE/pictures/1.txt\"
number=100
while [ $number -lt 130 ]; do
    mkdir -p \"$STEAD_STORAGE/pictures/deep/$number\" \"$STEAD_STORAGE/papers\"
    echo \"picture $number\" > \"$STEAD_STORAGE/pictures/$number.txt\"
    touch \"${STEAD_DATABASE_MAIN_URL#sqlite:}-journal\"
    rm -f \"${STEAD_DATABASE_MAIN_URL#sqlite:}-journal\"
    sleep 0.05
    number=$((number + 1))
done
touch finished.txt
";

fn outlived(scene: &Scene) {
    for moment in [400, 900, 1400] {
        scene.restore();
        let kill = Kill::After { moment: Duration::from_millis(moment), group: false };
        kill.carry_out(&scene.fixture, scene.arguments).expect("the program takes longer than that");
        assert!(!scene.fixture.path("finished.txt").exists(), "the program was to outlive stead");
        let ended = scene.fixture.run(["init"]).exits(0);
        let (settled, files) = &scene.settled_old;
        assert_eq!(set(&scene.look()), set(settled), "killed after {moment} ms\n{}", ended.err);
        let began = Instant::now();
        while !scene.fixture.path("finished.txt").exists() && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut found = scene.files();
        found.remove("finished.txt");
        let mut files = files.clone();
        files.remove("finished.txt");
        assert_eq!(found, files, "killed after {moment} ms\n{}", ended.err);
        assert_eq!(files::unexplained(&scene.fixture), Vec::<String>::new());
        scene.fixture.run(scene.arguments).exits(0);
        assert_eq!(scene.look(), scene.new);
    }
}

#[test]
fn a_seed_program_that_outlives_init_leaves_nothing() {
    let fixture = project();
    fixture.write("seed/files.sh", STUBBORN);
    outlived(&Scene::new(fixture, &["init"], Again::Same, SMALL));
}

#[test]
fn a_seed_program_that_outlives_seed_leaves_nothing() {
    let fixture = lived_in();
    fixture.write("seed/files.sh", STUBBORN);
    outlived(&Scene::new(fixture, &["seed"], Again::Same, SMALL));
}
