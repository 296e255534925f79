use super::*;

#[test]
fn origins_are_told_apart_by_what_is_typed() {
    let cases = [
        ("models", Origin::Models),
        ("database:main", Origin::Database("main".to_owned())),
        ("sqlite:a.db", Origin::Url("sqlite:a.db".to_owned())),
        ("postgres://h/d", Origin::Url("postgres://h/d".to_owned())),
        ("nonsense://me:word@h/d", Origin::Url("nonsense://me:word@h/d".to_owned())),
        ("dump.sql", Origin::File("dump.sql".into())),
        ("C:odd.sql", Origin::File("C:odd.sql".into())),
    ];
    for (text, origin) in cases {
        assert_eq!(Origin::parse(text), origin);
    }
}

#[test]
fn names_become_names_of_files_that_every_file_system_tells_apart() {
    assert_eq!(plain("public.orders"), "public.orders");
    assert_ne!(plain("Orders").to_lowercase(), plain("orders"));
    assert_eq!(plain("a/b ü"), "a%2fb%20%fc");
    assert!(plain(&"x".repeat(5000)).len() < 255 && plain(&"x".repeat(5000)) != plain(&"x".repeat(5001)));
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = Schema::empty(stead_schema::EngineKind::Sqlite);
    let table = stead_schema::model::Table {
        name: stead_schema::model::Name::flat("orders"),
        definition: Some("CREATE TABLE orders (id)".to_owned()),
        ..Default::default()
    };
    let named = |schema: Schema| Named::new("", schema).expect("it can be written");
    let (named, empty) = (named(Schema { tables: vec![table], ..empty.clone() }), named(empty));
    let out = folder.path().join("out");
    assert_eq!(write_files(&out, std::slice::from_ref(&named)).expect("written"), 1);
    assert_eq!(write_files(&out, &[empty]).expect("removed"), 0);
    assert!(!out.join("orders.sql").exists());
    std::fs::write(out.join("mine.txt"), "mine").expect("a file of somebody's");
    assert_eq!(write_files(&out, &[named]).expect_err("refused").code, "foreign-file");
    assert!(!out.join("orders.sql").exists());
}

#[test]
fn a_point_in_a_name_does_not_put_two_objects_into_one_file() {
    let table = |namespace: &str, name: &str| stead_schema::model::Table {
        name: stead_schema::model::Name::within(namespace, name),
        ..Default::default()
    };
    let empty = Schema::empty(stead_schema::EngineKind::Postgres);
    let schema = Schema { tables: vec![table("a", "b.c"), table("a.b", "c")], ..empty };
    let files = wanted(&[Named::new("", schema).expect("it can be written")]).expect("it can be written");
    let tables: Vec<bool> =
        ["\"a\".\"b.c\"", "\"a.b\".\"c\""].map(|name| files.iter().any(|(_, text)| text.contains(name))).into();
    assert_eq!((tables, files.len()), (vec![true, true], 2));
    assert_ne!(files[0].0, files[1].0);
}
