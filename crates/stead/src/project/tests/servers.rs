//! `[servers.NAME]` and the databases on them: volumes by name and by path, and what the project file cannot mean.

use super::super::{DatabaseLocation, ServerVolume};
use super::*;

#[test]
fn a_database_on_a_server_knows_its_volume() {
    let folder = Folder::named(
        "[servers.main]\nkind = \"mariadb\"\n[databases.d]\nserver = \"main\"\n[databases.e]\nserver = \"main\"\nname = \"E e\"\n",
    );
    let project = folder.project();
    let location = |name: &str| match project.database_location(name) {
        Some(DatabaseLocation::Local(local)) => local.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((location("d").database.as_str(), location("e").database.as_str()), ("d", "E e"));
    assert_eq!(location("d").volume, folder.at(".stead/volumes/main"), "a volume is called like its server");
    assert_eq!(project.databases["d"].engine(), Some(stead_schema::EngineKind::Mariadb));
    assert_eq!(project.volumes(), folder.at(".stead/volumes"));
}

#[test]
fn volumes_lie_in_the_project_or_elsewhere() {
    let folder = Folder::named(
        "[servers.a]\nkind = \"mysql\"\nvolume = \"data\"\nuser = \"ann\"\nthrowaway = true\n[servers.b]\nkind = \"mysql\"\nvolume = { path = \"../far\" }\n",
    );
    let project = folder.project();
    let (a, b) = (&project.servers["a"], &project.servers["b"]);
    assert_eq!(a.volume, ServerVolume::Named("data".to_owned()));
    assert_eq!((a.user.as_deref(), a.throwaway, b.throwaway), (Some("ann"), true, false));
    assert_eq!(b.volume, ServerVolume::At(folder.path.parent().unwrap().join("far")));
    assert_eq!(b.volume.folder(&folder.path), folder.path.parent().unwrap().join("far"));
}

#[test]
fn a_url_takes_precedence_over_a_server() {
    let folder = Folder::named("[servers.main]\nkind = \"mysql\"\n[databases.d]\nserver = \"main\"\n");
    let project = folder.argument("databases.d.url", "postgres://h/d").project();
    assert!(matches!(project.database_location("d"), Some(DatabaseLocation::Server { .. })));
}

#[test]
fn what_cannot_be_is_refused() {
    let errors = |text: &str| Folder::named(text).errors();
    let unknown = errors("[servers.main]\nkind = \"mysql\"\n[databases.d]\nserver = \"mian\"\n");
    assert!(
        unknown.len() == 1 && unknown[0].starts_with("stead.toml:6:10: `databases.d.server` is `mian`"),
        "{unknown:?}"
    );
    let search = errors("[servers.s]\nkind = \"opensearch\"\n[databases.d]\nserver = \"s\"\n");
    assert!(search.len() == 1 && search[0].contains("is a search server"), "{search:?}");
    let shared = errors("[servers.a]\nkind = \"mysql\"\nvolume = \"x\"\n[servers.x]\nkind = \"mariadb\"\n");
    assert!(shared.len() == 1 && shared[0].contains("is the volume of the server `a` too"), "{shared:?}");
    let one =
        "[servers.a]\nkind = \"mysql\"\n[databases.d]\nserver = \"a\"\n[databases.e]\nserver = \"a\"\nname = \"d\"\n";
    assert!(errors(one)[0].contains("shared-database"), "{:?}", errors(one));
    let empty = errors("[servers.a]\nkind = \"mysql\"\n[databases.d]\nserver = \"a\"\nname = \"\"\n");
    assert!(empty.len() == 1 && empty[0].contains("is not the name of a database"), "{empty:?}");
}
