//! Volumes as folders: what is taken for one, in which states, and what the records of former versions look like.

use super::*;

const VOLUME: &str = include_str!("../../tests/fixtures/volume-1/volume.json");
const SERVER: &str = include_str!("../../tests/fixtures/volume-1/server.json");

fn volume(folder: &tempfile::TempDir) -> Volume {
    let volume = Volume::at(folder.path().join("main"));
    fs::create_dir(volume.folder()).unwrap();
    volume
}

#[test]
fn records_of_version_1_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let volume = volume(&folder);
    fs::create_dir(volume.data()).unwrap();
    fs::write(volume.file("volume.json"), VOLUME).unwrap();
    fs::write(volume.file("server.json"), SERVER).unwrap();
    let record = volume.record().unwrap();
    assert_eq!((record.kind, record.version.as_str(), record.port), (ServerKind::Postgres, "15.18", Some(21_500)));
    let running = volume.running().unwrap().unwrap();
    assert_eq!((running.port, running.process.as_ref().map(|process| process.pid)), (21_500, Some(4711)));
    assert_eq!(volume.state().unwrap(), State::CutOff, "that process ran on another machine");
    volume.write_running(&running).unwrap();
    assert_eq!(volume.running().unwrap().unwrap(), running, "what is written is read again");
}

#[test]
fn a_record_of_a_later_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let volume = volume(&folder);
    fs::create_dir(volume.data()).unwrap();
    fs::write(volume.file("volume.json"), r#"{ "format": 2, "kind": "cloud" }"#).unwrap();
    let refused = volume.record().unwrap_err();
    assert_eq!(refused.code(), "volume-record");
    assert!(refused.to_string().contains("of the later format 2"), "{refused}");
}

#[test]
fn only_a_folder_with_its_data_in_place_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let absent = Volume::at(folder.path().join("absent"));
    assert_eq!(absent.state().unwrap(), State::Absent);
    let volume = volume(&folder);
    assert_eq!(volume.state().unwrap(), State::Absent);
    fs::create_dir(volume.unfinished()).unwrap();
    volume.write(ServerKind::Mysql, "8.0.31", None).unwrap();
    assert_eq!(volume.state().unwrap(), State::HalfMade);
    assert_eq!(volume.record().unwrap_err().code(), "volume-missing");
    fs::rename(volume.unfinished(), volume.data()).unwrap();
    assert_eq!(volume.state().unwrap(), State::Stopped);
    assert_eq!(volume.access().unwrap_err().code(), "volume-missing", "no server was ever started on it");
    let mut server = std::process::Command::new("sleep").arg("60").current_dir(volume.data()).spawn().unwrap();
    let sockets = folder.path().join("stead-x");
    fs::create_dir(&sockets).unwrap();
    let running = Running { process: Process::of(server.id()), ..Running::planned(1, sockets.clone()) };
    volume.write_running(&running).unwrap();
    assert_eq!(volume.state().unwrap(), State::Running(running.clone()));
    // A copy has the same record, and nothing that is done there reaches the server of the original.
    let copy = Volume::at(folder.path().join("copy"));
    fs::create_dir_all(copy.data()).unwrap();
    for name in ["volume.json", "server.json"] {
        fs::copy(volume.file(name), copy.file(name)).unwrap();
    }
    assert_eq!(copy.state().unwrap(), State::CutOff);
    copy.put_away(ServerKind::Mysql, &running).unwrap();
    assert_eq!(copy.state().unwrap(), State::Stopped);
    assert!(sockets.exists());
    assert_eq!(volume.state().unwrap(), State::Running(running));
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(volume.state().unwrap(), State::CutOff);
}

#[test]
fn a_folder_with_other_things_in_it_is_no_volume() {
    let folder = tempfile::tempdir().unwrap();
    let volume = volume(&folder);
    fs::create_dir(volume.file("lost+found")).unwrap();
    volume.refuse_foreign().unwrap();
    fs::write(volume.file("PG_VERSION"), "15").unwrap();
    let refused = volume.refuse_foreign().unwrap_err();
    assert!(refused.to_string().ends_with("is not a volume of stead: it holds `PG_VERSION`"), "{refused}");
}

#[test]
fn the_url_for_people_hides_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let volume = volume(&folder);
    fs::create_dir(volume.data()).unwrap();
    volume.write(ServerKind::Mariadb, "10.11.19", Some(20_001)).unwrap();
    let password = Password::draw();
    password.write(&volume.file("password"), None).unwrap();
    let access = volume.access().unwrap();
    assert_eq!(access.url(), format!("mariadb://root:{}@127.0.0.1:20001", password.expose()));
    assert_eq!(access.shown(), "mariadb://root:***@127.0.0.1:20001");
    assert!(!format!("{access:?}").contains(password.expose()));
    assert_ne!(password, Password::draw());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(volume.file("password")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(password.expose().len() == 32 && password.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[test]
fn volumes_are_listed_by_name_and_hidden_folders_are_not() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b", "a", ".a.removed"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let names: Vec<String> = list(folder.path()).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(list(&folder.path().join("absent")).unwrap().is_empty());
}
