//! Which account a server gets when stead runs as root, told from the text of a machine's list of accounts.

use super::*;

const ACCOUNTS: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n\
                        postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\nann:x:1000:1001::/home/ann:/bin/sh\n\
                        broken line\nalso:x:one:two::/:/bin/sh\n";

fn chosen(kind: ServerKind, configured: Option<&str>, owner: Option<u32>) -> String {
    match Account::among(ACCOUNTS, kind, configured, owner) {
        Ok(account) => format!("{} {} {}", account.name, account.uid, account.gid),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

#[test]
fn the_owner_of_the_folder_comes_first() {
    assert_eq!(chosen(ServerKind::Postgres, None, Some(1000)), "ann 1000 1001");
    assert_eq!(chosen(ServerKind::Postgres, None, None), "postgres 101 104");
    assert_eq!(chosen(ServerKind::Mysql, None, None), "nobody 65534 65534");
    assert_eq!(
        chosen(ServerKind::Postgres, None, Some(4711)),
        "postgres 101 104",
        "a number without an account is no user"
    );
}

#[test]
fn a_configured_user_must_be_there_and_not_root() {
    assert_eq!(chosen(ServerKind::Mysql, Some("postgres"), Some(1000)), "postgres 101 104");
    for user in ["root", "bob"] {
        let refused = chosen(ServerKind::Mysql, Some(user), None);
        assert!(refused.starts_with("server-as-root: a MySQL server does not run as root, and `"), "{refused}");
        assert!(refused.contains(user), "{refused}");
    }
    assert!(Account::among("root:x:0:0::/:/bin/sh", ServerKind::Mysql, None, None).is_err());
}

#[test]
fn a_closed_folder_on_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("open/volume");
    fs::create_dir_all(&inside).unwrap();
    let account = Account { name: "ann".to_owned(), uid: 1_999_999, gid: 1_999_999 };
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    account.refuse_out_of_reach(&inside).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).unwrap();
    let refused = account.refuse_out_of_reach(&inside).unwrap_err();
    assert!(refused.to_string().contains(&format!("cannot enter `{}`", folder.path().display())), "{refused}");
}
