//! What URLs mean, and that no part of a bad one comes out in a message.

use super::*;

fn parse(url: &str) -> Address {
    Address::parse(url).expect(url)
}

#[test]
fn a_plain_url() {
    let address = parse("postgres://ann:s%40cret@db.example:6000/shop");
    assert_eq!((address.host.as_str(), address.port), ("db.example", 6000));
    assert_eq!(address.user.as_deref(), Some("ann"));
    assert_eq!(address.password.as_deref(), Some("s@cret"));
    assert_eq!(address.database.as_deref(), Some("shop"));
    assert_eq!(address.to_string(), "db.example:6000");
    assert_eq!(address.ssl_mode, SslMode::Prefer);
}

#[test]
fn what_a_url_leaves_out() {
    let address = parse("postgresql://");
    assert_eq!((address.host.as_str(), address.port), ("localhost", 5432));
    assert_eq!((address.user, address.password, address.database), (None, None, None));
    assert_eq!(address.application, "stead");
    assert_eq!(address.connect_timeout, CONNECT_TIMEOUT);
}

#[test]
fn sockets_and_ipv6() {
    for url in ["postgres://%2Fvar%2Frun/shop", "postgres:///shop?host=/var/run"] {
        let address = parse(url);
        assert!(address.is_socket());
        assert_eq!(address.to_string(), "/var/run/.s.PGSQL.5432");
        assert_eq!(address.ssl_mode, SslMode::Disable);
    }
    let address = parse("postgres://[::1]:6000/shop");
    assert_eq!((address.host.as_str(), address.port), ("::1", 6000));
    assert_eq!(address.to_string(), "[::1]:6000");
}

#[test]
fn options() {
    let address = parse(
        "postgres://h/d?sslmode=verify-full&sslrootcert=/a%20b.pem&connect_timeout=3&statement_timeout=250&application_name=x+y",
    );
    assert_eq!(address.ssl_mode, SslMode::VerifyFull);
    assert_eq!(address.certificates.root.as_deref(), Some("/a b.pem"));
    assert_eq!(address.connect_timeout, Duration::from_secs(3));
    assert_eq!(address.statement_timeout, Duration::from_millis(250));
    assert_eq!(address.application, "x y");
    assert_eq!(parse("postgres://h/d?statement_timeout=2min").statement_timeout, Duration::from_secs(120));
    assert_eq!(parse("postgres://h/d?sslmode=require&sslrootcert=a").ssl_mode, SslMode::VerifyCa);
}

#[test]
fn options_that_hosters_write_are_taken_or_refused_by_name() {
    let address =
        parse("postgres://h/d?channel_binding=require&options=-csearch_path%3Dapp&target_session_attrs=read-write");
    assert_eq!(address.channel_binding, ChannelBinding::Require);
    let config = address.config("d");
    assert_eq!(
        (config.get_options(), config.get_channel_binding()),
        (Some("-csearch_path=app"), ChannelBinding::Require)
    );
    parse("postgres://h/d?gssencmode=prefer&schema=public&pgbouncer=false&connection_limit=5&keepalives_idle=30");
    for (option, named) in [
        ("gssencmode=require", "`gssencmode`"),
        ("target_session_attrs=standby", "`target_session_attrs`"),
        ("schema=app", "`schema`"),
        ("channel_binding=canary", "`channel_binding`"),
        ("passfile=canary", "`passfile`"),
    ] {
        let error = Address::parse(&format!("postgres://h/d?{option}")).expect_err(option);
        assert!(error.message.contains(named) && !error.message.contains("canary"), "{error}");
    }
}

#[test]
fn what_is_not_peoples_sql_takes_as_long_as_it_takes() {
    let address = parse("postgres://ann:x@h/d?statement_timeout=250&application_name=x");
    assert_eq!(address.patient().statement_timeout, Duration::ZERO);
    assert_eq!(address.patient().application, "x");
}

#[test]
fn bad_urls_are_refused_and_never_quoted() {
    let bad = [
        "mysql://ann:canary@h/d",
        "postgres://ann:canary@h:port/d",
        "postgres://ann:canary@h:0/d",
        "postgres://ann:canary@[::1/d",
        "postgres://ann:canary@h/d?sslmode=canary",
        "postgres://ann:canary@h/d?canary",
        "postgres://ann:canary@h/d?connect_timeout=canary",
        "postgres://ann:canary@h/d?sslcert=canary",
        "postgres://ann:%FFcanary@h/d",
        "postgres://ann:%00canary@h/d",
        "canary",
    ];
    for url in bad {
        let error = Address::parse(url).expect_err(url);
        assert_eq!(error.class, ErrorClass::Refused, "{url}");
        assert!(!format!("{error:?}").contains("canary"), "{url}: {error:?}");
    }
    assert!(!format!("{:?}", parse("postgres://ann:canary@h/d")).contains("canary"));
}
