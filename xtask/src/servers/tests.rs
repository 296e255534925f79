//! What can be told without a server: names of variables, the list of links, folders that are complete or are not.

use super::packages::{links, unpack};
use super::*;

fn place() -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { folder: folder.path().join("servers") };
    (folder, place)
}

#[test]
fn variables_are_those_that_the_tests_read() {
    let testkit = include_str!("../../../crates/testkit/src/servers.rs");
    for wanted in &WANTED {
        assert!(testkit.contains(&format!("\"{}\"", wanted.key)), "{}", wanted.key);
    }
    assert_eq!(WANTED[0].variable("URL"), "STEAD_TEST_POSTGRES15_URL");
    for what in ["_URL", "_PROGRAMS", "_ABSENT"] {
        assert!(testkit.contains(&format!("STEAD_TEST_{{}}{what}")), "{what}");
    }
}

#[test]
fn links_are_relative_to_their_own_folder() {
    let list = br#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"}]"#;
    assert_eq!(links(list).unwrap(), [(PathBuf::from("libpq.so.5.18"), "native/lib/libpq.so".to_owned())]);
    assert!(links(b"[{}]").is_err() && links(b"{}").is_err());
}

#[test]
fn a_package_has_its_name_only_when_it_is_whole() {
    let (_folder, place) = place();
    fs::create_dir_all(place.packages()).unwrap();
    let failed = unpack("x", &place, |folder| {
        fs::write(folder.join("half"), "")?;
        bail!("the network went away")
    });
    assert!(failed.is_err() && !place.packages().join("x").exists());
    unpack("x", &place, |folder| fs::write(folder.join("whole"), "").context("writing")).unwrap();
    assert!(place.packages().join("x/whole").exists() && !place.packages().join("x/half").exists());
    assert!(!place.packages().join("x.new").exists());
}

#[test]
fn stopping_where_nothing_ever_ran_is_fine() {
    let (_folder, place) = place();
    assert!(stop_in(&place.volumes()).unwrap().is_empty());
    fs::create_dir_all(place.volume("mysql").folder()).unwrap();
    assert_eq!(stop_in(&place.volumes()).unwrap(), [("mysql".to_owned(), "did not run".to_owned())]);
}
