//! No name of a database or a stream may lead out of the snapshot or onto another stream's files.

use proptest::prelude::*;

use super::*;

fn stem(database: &str, name: &str) -> String {
    StreamKey::new(Part::Database(database.to_owned()), name).stem()
}

#[test]
fn plain_names_stay_readable() {
    assert_eq!(stem("catalog", "pages"), "databases/catalog/pages");
    assert_eq!(stem("catalog", "table/addons_2"), "databases/catalog/table/addons_2");
    assert_eq!(StreamKey::new(Part::Storage, "index").stem(), "storage/index");
    assert_eq!(frames_file("storage/index", 12), "storage/index.00012.zst");
    assert_eq!(index_file("storage/index"), "storage/index.frames");
}

#[test]
fn trap_f07_odd_names_become_safe_ones() {
    for odd in ["..", ".", "", "a b", "Ä", "../../etc/passwd", "x\0y", "Addons", "a.00000.zst", "/"] {
        for component in stem("catalog", odd).split('/').skip(2) {
            assert!(component.contains('~') || ["etc", "passwd"].contains(&component), "{odd:?} gives {component}");
        }
    }
    assert_ne!(stem("catalog", "Addons").to_lowercase(), stem("catalog", "addons").to_lowercase());
}

#[test]
fn names_that_cannot_be_are_refused() {
    let objection = |name: &str| StreamKey::new(Part::Storage, name).objection();
    assert!(objection("").is_some());
    assert!(objection(&"x".repeat(1025)).is_some());
    assert!(objection(&"x/".repeat(8)).is_some());
    assert!(objection("table/addons").is_none());
    assert!(StreamKey::new(Part::Database(String::new()), "pages").objection().is_some());
}

proptest! {
    #[test]
    fn different_streams_have_different_files(left in "\\PC{0,20}", right in "\\PC{0,20}") {
        prop_assume!(left != right);
        prop_assert_ne!(stem("d", &left).to_lowercase(), stem("d", &right).to_lowercase());
    }

    #[test]
    fn every_component_is_harmless(name in "\\PC{0,80}") {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'~');
        for component in stem(&name, &name).split('/') {
            prop_assert!(!component.is_empty() && component.len() <= 64 && component.bytes().all(safe));
        }
    }
}
