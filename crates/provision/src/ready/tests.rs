//! The knock at a server's door, answered by small listeners that say what real servers say.

use std::net::TcpListener;
use std::path::PathBuf;

use super::*;
use crate::Password;

/// A listener that reads `length` bytes and says `answer`, once.
fn says(length: usize, answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut vec![0; length]).unwrap();
        stream.write_all(answer).unwrap();
    });
    port
}

fn asked(kind: ServerKind, port: u16) -> std::result::Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("password");
    Password::draw().write(&path, None).unwrap();
    let access = Access { kind, port, password: Password::read(&path).unwrap() };
    knock(&access).map_err(|error| error.to_string())?
}

/// Length, protocol, and the parameters `user` and `database`.
const STARTUP: usize = 8 + 33;

#[test]
fn postgres_answers_when_it_asks_for_a_password() {
    assert_eq!(asked(ServerKind::Postgres, says(STARTUP, b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0")), Ok(()));
    let starting = b"E\0\0\0\x39SFATAL\0C57P03\0Mthe database system is starting up\0\0";
    assert_eq!(
        asked(ServerKind::Postgres, says(STARTUP, starting)),
        Err("the database system is starting up".to_owned())
    );
    let no_rule = b"E\0\0\0\x39SFATAL\0C28000\0Mno pg_hba.conf entry for host, no encryption\0\0";
    assert_eq!(asked(ServerKind::Postgres, says(STARTUP, no_rule)), Ok(()), "it takes connections of others");
    assert!(asked(ServerKind::Postgres, says(STARTUP, b"HTTP/1.1 400 no\r\n")).is_err());
}

#[test]
fn mysql_answers_when_it_greets() {
    for kind in [ServerKind::Mysql, ServerKind::Mariadb] {
        assert_eq!(asked(kind, says(0, b"\x4a\0\0\0\x0a8.0.31\0")), Ok(()));
        let refused = b"\x17\0\0\0\xff\x10\x04Too many connections";
        assert_eq!(asked(kind, says(0, refused)), Err("Too many connections".to_owned()));
        assert!(
            asked(kind, says(0, b"\x01\0")).is_err(),
            "a server that stops in the middle of a word does not answer"
        );
    }
}

#[test]
fn nobody_at_the_port_is_no_answer() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    assert!(asked(ServerKind::Postgres, port).is_err());
}
