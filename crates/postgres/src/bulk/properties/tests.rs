//! Values of settings come out as they went in.

use super::*;

#[test]
fn lists_are_written_element_by_element() {
    assert_eq!(elements("\"$user\", public"), ["$user", "public"]);
    assert_eq!(elements("\"a,b\", \"c\"\"d\""), ["a,b", "c\"d"]);
    assert_eq!(elements(""), Vec::<String>::new());
    assert_eq!(value("search_path", "\"$user\", public").as_deref().ok(), Some("'$user', 'public'"));
    assert_eq!(value("search_path", "").as_deref().ok(), Some("''"));
    assert_eq!(value("DateStyle", "ISO, DMY").as_deref().ok(), Some("'ISO, DMY'"));
}

#[test]
fn a_new_owner_keeps_an_owners_rights() {
    let grant = |to: &str, right: &str| Grant { to: to.to_owned(), right: right.to_owned(), grantable: false };
    let wanted = Properties {
        owner: "Ann".to_owned(),
        grants: BTreeSet::from([grant("\"Ann\"", "CREATE"), grant("\"user\"", "CONNECT")]),
        ..Properties::default()
    };
    let has = Properties {
        owner: "stead".to_owned(),
        grants: BTreeSet::from([grant("\"stead\"", "CREATE"), grant("PUBLIC", "CONNECT")]),
        ..Properties::default()
    };
    let statements = wanted.grants_over(&has, "\"d\"");
    assert_eq!(
        statements,
        ["REVOKE CONNECT ON DATABASE \"d\" FROM PUBLIC CASCADE", "GRANT CONNECT ON DATABASE \"d\" TO \"user\""]
    );
}
