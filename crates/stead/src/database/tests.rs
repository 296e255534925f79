use super::*;

#[test]
fn a_password_is_never_an_argument() {
    let urls = [
        (EngineKind::Postgres, "postgres://me:p%40ss@db.example:5433/x?sslmode=require"),
        (EngineKind::Mysql, "mysql://me:p%40ss@[::1]:3307/x"),
        (EngineKind::Mariadb, "mariadb://me:p%40ss@localhost/x?socket=/run/my.sock"),
    ];
    for (engine, url) in urls {
        let client = of_server(engine, url, "shop");
        assert!(
            !client.arguments.iter().any(|argument| argument.contains("p@ss") || argument.contains("p%40ss")),
            "{url}"
        );
        assert!(client.variables.values().any(|value| value == "p@ss"), "{url}");
    }
}

#[test]
fn the_parts_of_an_address_reach_the_client() {
    let client = of_server(EngineKind::Postgres, "postgres://me@db.example:5433/x?sslmode=require", "shop");
    let variables: Vec<(&str, &str)> = client.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let expected = [
        ("PGDATABASE", "shop"),
        ("PGHOST", "db.example"),
        ("PGPORT", "5433"),
        ("PGSSLMODE", "require"),
        ("PGUSER", "me"),
    ];
    assert_eq!(variables, expected);
    let client = of_server(EngineKind::Mysql, "mysql://me:x@[::1]:3307/x?socket=/run/my.sock", "shop");
    assert_eq!(
        client.arguments,
        ["--host=::1", "--port=3307", "--socket=/run/my.sock", "--user=me", "--database=shop"]
    );
}
