//! URLs taken apart: what people write, what is missing, what is odd.

use stead_engine::Place;

use super::Address;

#[test]
fn an_address_is_the_server_and_the_database() {
    let cases = [
        (
            "postgres://me:p%40ss@host:5433/shop?sslmode=require",
            "postgres://me:p%40ss@host:5433?sslmode=require",
            Some("shop"),
        ),
        ("mysql://host", "mysql://host", None),
        ("mysql://host/", "mysql://host", None),
        ("mysql://host?socket=/run/my.sock", "mysql://host?socket=/run/my.sock", None),
        ("postgres:///odd%2Fname", "postgres://", Some("odd/name")),
        ("postgres://host/x?sslmode=disable&dbname=a%2Fb", "postgres://host?sslmode=disable", Some("a/b")),
        ("postgresql://host?dbname=shop", "postgresql://host", Some("shop")),
        ("postgres://host/shop?dbname=", "postgres://host", Some("shop")),
        ("mysql://host/x?dbname=shop", "mysql://host?dbname=shop", Some("x")),
    ];
    for (url, server, database) in cases {
        let address = Address::of(url);
        assert_eq!((address.server().as_str(), address.database().as_deref()), (server, database), "{url}");
    }
}

#[test]
fn another_database_takes_the_place_of_the_one_that_is_named() {
    let place = Place("a/b c".to_owned());
    let with = |url: &str| Address::of(url).with_database(&place);
    assert_eq!(with("mysql://me@host:1/shop?socket=/s"), "mysql://me@host:1/a%2Fb%20c?socket=/s");
    assert_eq!(with("mysql://host"), "mysql://host/a%2Fb%20c");
    let ours = "maintenance=m&statement_timeout=5&dbname=live";
    assert_eq!(with(&format!("postgres://host/x?{ours}")), "postgres://host/a%2Fb%20c");
    assert_eq!(with(&format!("postgres://host/x?{ours}&port=1")), "postgres://host/a%2Fb%20c?port=1");
}

#[test]
fn the_parts_are_decoded_and_empty_ones_are_none() {
    let address = Address::of("postgres://me:p%3A%40:x@[::1]:5433/shop?sslmode=require&a=b%20c&flag");
    let parts = [address.user(), address.password(), address.host(), address.port()];
    assert_eq!(parts.map(Option::unwrap), ["me", "p:@:x", "::1", "5433"]);
    let options: Vec<(String, String)> = address.options().into_iter().collect();
    assert_eq!(
        options,
        [("a", "b c"), ("sslmode", "require")].map(|(name, value)| (name.to_owned(), value.to_owned()))
    );

    let address = Address::of("postgres://[::1]");
    assert_eq!([address.user(), address.password(), address.port(), address.database()], [None, None, None, None]);
    assert_eq!(address.host().unwrap(), "::1");
}

#[test]
fn files_of_options_are_where_the_project_says() {
    let with = |url| Address::of(url).with_files(|path| std::path::Path::new("/a b").join(path));
    assert_eq!(
        with("postgres://me@host/shop?sslmode=verify-full&sslrootcert=certs/ca.pem&sslkey=/k.pem"),
        "postgres://me@host/shop?sslmode=verify-full&sslrootcert=%2Fa%20b%2Fcerts%2Fca%2Epem&sslkey=%2Fk%2Epem"
    );
    assert_eq!(with("mysql://host/?ssl_ca=ca.pem&socket=s"), "mysql://host/?ssl_ca=%2Fa%20b%2Fca%2Epem&socket=s");
    for url in ["postgres://host?sslrootcert=system", "mysql://host", "mysql://host/x?ssl-ca", "mysql://host?ssl-ca="] {
        assert_eq!(with(url), url);
    }
}
