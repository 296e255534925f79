//! The words that servers are started with: what must be in them, and what must never be.

use std::path::PathBuf;

use super::*;

fn words(kind: ServerKind, profile: Profile) -> Vec<String> {
    let programs = Programs { kind, version: "1".to_owned(), server: PathBuf::from("/opt/x/bin/server") };
    server(&programs, &Volume::at("/v"), 20_000, Path::new("/tmp/stead-1"), profile)
}

#[test]
fn every_server_listens_on_loopback_alone() {
    assert!(words(ServerKind::Postgres, Profile::Durable).contains(&"listen_addresses=127.0.0.1".to_owned()));
    for kind in [ServerKind::Mysql, ServerKind::Mariadb] {
        assert!(words(kind, Profile::Durable).contains(&"--bind-address=127.0.0.1".to_owned()));
    }
}

#[test]
fn only_throwaway_servers_are_careless() {
    let careless = ["fsync=off", "nosync", "doublewrite", "trx-commit"];
    for kind in [ServerKind::Postgres, ServerKind::Mysql, ServerKind::Mariadb] {
        let durable = words(kind, Profile::Durable).join(" ");
        assert!(!careless.iter().any(|word| durable.contains(word)), "{durable}");
        let throwaway = words(kind, Profile::Throwaway).join(" ");
        assert!(careless.iter().any(|word| throwaway.contains(word)), "{throwaway}");
    }
}

#[test]
fn settings_of_the_machine_stay_out() {
    for kind in [ServerKind::Mysql, ServerKind::Mariadb] {
        assert_eq!(words(kind, Profile::Durable)[0], "--no-defaults", "it counts only as the first word");
    }
}

#[test]
fn each_server_sweeps_a_temporary_folder_of_its_own() {
    for kind in [ServerKind::Mysql, ServerKind::Mariadb] {
        assert!(words(kind, Profile::Durable).contains(&"--tmpdir=/v/tmp".to_owned()));
    }
}
