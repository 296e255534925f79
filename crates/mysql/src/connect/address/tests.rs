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
fn urls_of_hosters_are_read_as_they_are_meant() {
    use Encryption::{Disabled, Preferred, Required, VerifyCa, VerifyIdentity};
    for (options, meant) in [
        ("ssl-mode=REQUIRED", Required),
        ("sslmode=require", Required),
        ("sslMode=VERIFY_IDENTITY", VerifyIdentity),
        ("ssl={\"rejectUnauthorized\":true}", VerifyIdentity),
        ("ssl=%7B%22rejectUnauthorized%22%3Afalse%2C%22minVersion%22%3A%22TLSv1.2%22%7D", Required),
        ("sslaccept=strict&connection_limit=5&pool_timeout=20&socket_timeout=30", VerifyIdentity),
        ("useSSL=true&requireSSL=true&allowPublicKeyRetrieval=true&serverTimezone=UTC", Required),
        ("useSSL=true&verifyServerCertificate=true&characterEncoding=UTF-8", VerifyCa),
        ("useSSL=false&useUnicode=true&rewriteBatchedStatements=true&zeroDateTimeBehavior=CONVERT_TO_NULL", Disabled),
        ("reconnect=true&encoding=utf8mb4&pool=5&prepared_statements=false", Preferred),
        ("charset=utf8mb4&parseTime=True&loc=Local&timeout=10s", Preferred),
        ("tls=skip-verify&readTimeout=30s", Required),
        ("ssl=false", Disabled),
    ] {
        assert_eq!(parse(&format!("mysql://u:p@db.example/shop?{options}")).encryption, meant, "{options}");
    }
    assert_eq!(parse("mysql://u@h/d?connectTimeout=3000").connect_timeout, Duration::from_secs(3));
    for (options, named) in [
        ("charset=latin1", "`charset`"),
        ("sslidentity=a.p12", "`sslidentity`"),
        ("sessionVariables=sql_mode=''", "`sessionvariables`"),
        ("ssl={\"ca\":\"x\"}", "`ssl`"),
        ("tls=custom", "`tls`"),
    ] {
        let error = Address::parse(&format!("mysql://u:verysecret@h/d?{options}")).expect_err(options);
        assert!(error.message.contains(named) && !format!("{error:?}").contains("verysecret"), "{error:?}");
    }
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
