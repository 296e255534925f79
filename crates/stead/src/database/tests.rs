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

/// A password in the user's own option file counts more than the variable.
#[test]
fn a_password_in_an_option_file_is_quoted() {
    let client = of_server(EngineKind::Mysql, r#"mysql://me:a%22%5C%23%20b@host/x"#, "shop");
    let text = client.options.unwrap_or_default();
    assert!(text.ends_with("[client]\npassword=\"a\\\"\\\\# b\"\n"), "{text}");
    assert_eq!(of_server(EngineKind::Mysql, "mysql://me@host/x", "shop").options, None);
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
    assert_eq!(client.arguments, ["--protocol=SOCKET", "--socket=/run/my.sock", "--user=me", "--database=shop"]);
    let client = of_server(EngineKind::Mariadb, "mariadb://me:x@[::1]:3307/x", "shop");
    assert_eq!(client.arguments, ["--protocol=TCP", "--host=::1", "--port=3307", "--user=me", "--database=shop"]);
}

#[test]
fn encryption_is_asked_for_in_the_words_of_the_client() {
    let (mysql, mariadb) = ("mysql  Ver 8.0.31 for Linux", "mysql  Ver 15.1 Distrib 10.11.19-MariaDB, for Linux");
    let cases: [(&str, &str, &[&str]); 5] = [
        ("disabled", "--ssl-mode=DISABLED", &["--skip-ssl"]),
        ("preferred", "--ssl-mode=PREFERRED", &[]),
        ("required", "--ssl-mode=REQUIRED", &["--ssl"]),
        ("verify-ca", "--ssl-mode=VERIFY_CA", &["--ssl", "--ssl-verify-server-cert"]),
        ("verify_full", "--ssl-mode=VERIFY_IDENTITY", &["--ssl", "--ssl-verify-server-cert"]),
    ];
    for (mode, of_mysql, of_mariadb) in cases {
        let client = of_server(EngineKind::Mysql, &format!("mysql://me@host/x?ssl-mode={mode}"), "shop");
        assert_eq!(client.encryption_arguments(mysql), [of_mysql], "{mode}");
        assert_eq!(client.encryption_arguments(mariadb), of_mariadb, "{mode}");
    }
    let silent = of_server(EngineKind::Mysql, "mysql://me@host/x", "shop");
    assert_eq!(silent.encryption_arguments(mysql), Vec::<String>::new());
}
