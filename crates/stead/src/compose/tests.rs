//! The Compose file as people get it.

use crate::project::LoadOptions;

use super::*;

fn project(text: &str) -> Project {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stead.toml"), format!("[project]\nname = \"shop\"\n{text}")).unwrap();
    Project::load(&LoadOptions { directory: folder.path().to_path_buf(), ..LoadOptions::default() }).unwrap()
}

#[test]
fn servers_become_services_with_external_volumes() {
    let text = compose(&project("[servers.main]\nkind = \"postgres\"\nport = 5499\nversion = \"15\"\n")).unwrap();
    let expected = r#"name: shop
services:
  main:
    image: "postgres:15"
    command: ["postgres", "-c", "wal_level=logical"]
    environment:
      POSTGRES_PASSWORD: "${STEAD_MAIN_PASSWORD:?set it to the password of the server}"
      PGDATA: /var/lib/postgresql/stead/data
    ports:
      - "127.0.0.1:5499:5432"
    volumes:
      - main:/var/lib/postgresql
    healthcheck:
      test: ["CMD-SHELL", "pg_isready --username postgres --host 127.0.0.1"]
      interval: 1s
      retries: 120
    restart: unless-stopped
volumes:
  main:
    external: true
    name: shop-main
"#;
    assert_eq!(text, expected);
}

#[test]
fn every_kind_that_can_be_started_can_be_composed() {
    let text = compose(&project("[servers.a-b]\nkind = \"mysql\"\n[servers.c]\nkind = \"mariadb\"\n")).unwrap();
    for part in [
        "mysql:8.0",
        "mariadb:10.11",
        "${STEAD_A_B_PASSWORD:?",
        "127.0.0.1:3306:3306",
        "127.0.0.1:3307:3306",
        "name: shop-a-b",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let refused = compose(&project("[servers.s]\nkind = \"opensearch\"\n")).unwrap_err();
    assert_eq!(refused.code, "unsupported");
    assert_eq!(compose(&project("")).unwrap_err().code, "no-servers");
}
