//! URLs as people write them, the odd ones above all. What cannot be read is refused without showing the password.

use super::*;

fn parse(url: &str) -> Address {
    Address::parse(url).expect("the URL is well formed")
}

#[test]
fn a_full_url_is_read() {
    let address = parse("mysql://me:p%40ss%2Fw%3Ard@db.example:3310/shop?ssl-mode=VERIFY_IDENTITY&connect_timeout=3");
    assert_eq!(address.kind, EngineKind::Mysql);
    assert_eq!((address.host.as_str(), address.port, address.user.as_str()), ("db.example", 3310, "me"));
    assert_eq!(address.password.as_deref(), Some("p@ss/w:rd"));
    assert_eq!(address.encryption, Encryption::VerifyIdentity);
    assert_eq!(address.connect_timeout, Duration::from_secs(3));
}

#[test]
fn what_is_left_out_has_a_default() {
    let address = parse("mariadb://");
    assert_eq!((address.host.as_str(), address.port, address.user.as_str()), ("127.0.0.1", 3306, "root"));
    assert_eq!((address.kind, address.encryption), (EngineKind::Mariadb, Encryption::Preferred));
    assert!(address.password.is_none() && address.is_local());
}

#[test]
fn hosts_can_be_sockets_and_numbers() {
    assert_eq!(parse("mysql://u@%2Frun%2Fmysqld%2Fs/shop").socket.as_deref(), Some("/run/mysqld/s"));
    assert_eq!(parse("mysql://u@localhost/shop?socket=/s").socket.as_deref(), Some("/s"));
    let address = parse("mysql://u:p:q@[::1]:3307/shop");
    assert_eq!((address.host.as_str(), address.port), ("::1", 3307));
    assert_eq!(address.password.as_deref(), Some("p:q"));
}

#[test]
fn the_password_is_never_shown() {
    let address = parse("mysql://me:verysecret@host/db");
    assert!(!format!("{address:?} {address}").contains("verysecret"));
    for url in [
        "mysql://me:very?secret@host/db",
        "mysql://me:verysecret@host:99999/db",
        "mysql://me:verysecret@host/db?nonsense=1",
        "mysql://me:verysecret@host/db?ssl-mode=maybe",
        "mysql://me:verysecret@host/db?ssl-cert=a",
        "mysql://me:verysecret%ff@host/db",
        "oracle://me:verysecret@host/db",
        "me:verysecret@host/db",
    ] {
        let error = Address::parse(url).expect_err(url);
        assert_eq!(error.class, ErrorClass::Refused);
        assert!(!format!("{error:?}").contains("verysecret"), "{error:?}");
    }
}
