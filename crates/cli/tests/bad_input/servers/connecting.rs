//! Servers that do not answer, do not let us in, are not what their URL says, or have no room; and URLs that say nothing a
//! driver could use.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use stead_testkit::fixture::Rights;

use super::{On, ServerCase};
use crate::case::Start;
use crate::scene::Scene;

pub(crate) const CASES: &[ServerCase] = &[
    ServerCase {
        name: "dump from a server that is down",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: shut,
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r"
            error[unreachable]: 127.0.0.1:[id] cannot be reached: Connection refused
              hint: start the server, or correct the host and port in its URL
            ",
            r"
            error[unreachable]: MariaDB at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ",
            r"
            error[unreachable]: MySQL at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ",
        ],
    },
    ServerCase {
        name: "load into a server that is down",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            shut(scene);
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[
            r"
            error[unreachable]: 127.0.0.1:[id] cannot be reached: Connection refused
              hint: start the server, or correct the host and port in its URL
            ",
            r"
            error[unreachable]: MariaDB at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ",
            r"
            error[unreachable]: MySQL at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ",
        ],
    },
    ServerCase {
        name: "init on a server that is down",
        on: On::All,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: shut,
        command: &["init"],
        exit: 7,
        says: &[
            r"
            error[unreachable]: no answer after 8 attempts from database `main`: 127.0.0.1:[id] cannot be reached: Connection refused; database `stats`: 127.0.0.1:[id] cannot be reached: Connection refused
              hint: start the server, or correct the host and port in its URL
            ",
            r"
            error[unreachable]: no answer after 8 attempts from database `main`: MariaDB at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111); database `stats`: MariaDB at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ",
            r"
            error[unreachable]: no answer after 8 attempts from database `main`: MySQL at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111); database `stats`: MySQL at `127.0.0.1:[id]` cannot be reached: Connection refused (os error 111)
              hint: see whether the server runs, and whether host and port are right
            ",
        ],
    },
    ServerCase {
        name: "a server that hangs up",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let gate = scene.gate().expect("a server");
            gate.let_through(0);
            scene.keep(gate);
        },
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r"
            error[unreachable]: 127.0.0.1:[id] cannot be reached: [hung up]
              hint: start the server, or correct the host and port in its URL
            ",
            r"
            error[unreachable]: MariaDB at `127.0.0.1:[id]` cannot be reached: [hung up]
              hint: see whether the server runs, and whether host and port are right
            ",
            r"
            error[unreachable]: MySQL at `127.0.0.1:[id]` cannot be reached: [hung up]
              hint: see whether the server runs, and whether host and port are right
            ",
        ],
    },
    ServerCase {
        name: "a wrong password",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| scene.replace("stead.toml", ":canary-", ":another-"),
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r#"
            error[refused]: 127.0.0.1:[id] does not let us in to `postgres`: password authentication failed for user "login0"
              hint: correct the user or the password in the database's URL
            "#,
            r"
            error[refused]: MariaDB at `127.0.0.1:[id]` does not let us in: Access denied for user 'login0'@'127.0.0.1' (using password: YES)
              hint: correct the user or the password in the database's URL
            ",
            r"
            error[refused]: MySQL at `127.0.0.1:[id]` does not let us in: Access denied for user 'login0'@'127.0.0.1' (using password: YES)
              hint: correct the user or the password in the database's URL
            ",
        ],
    },
    ServerCase {
        name: "init with a wrong password",
        on: On::All,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: |scene| scene.replace("stead.toml", ":canary-", ":another-"),
        command: &["init"],
        exit: 7,
        says: &[
            r#"
            error[refused]: database `main`: 127.0.0.1:[id] does not let us in to `postgres`: password authentication failed for user "login0"
              hint: correct the user or the password in the database's URL
            "#,
            r"
            error[refused]: database `main`: MariaDB at `127.0.0.1:[id]` does not let us in: Access denied for user 'login0'@'127.0.0.1' (using password: YES)
              hint: correct the user or the password in the database's URL
            ",
            r"
            error[refused]: database `main`: MySQL at `127.0.0.1:[id]` does not let us in: Access denied for user 'login0'@'127.0.0.1' (using password: YES)
              hint: correct the user or the password in the database's URL
            ",
        ],
    },
    ServerCase {
        name: "a login that does not exist",
        // MySQL pretends that an unknown login is of some kind, another one each time.
        on: On::Postgres,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| scene.replace("stead.toml", "://", "://nobody-"),
        command: &["load", "_init"],
        exit: 7,
        says: &[r#"
            error[refused]: 127.0.0.1:[id] does not let us in to `postgres`: password authentication failed for user "nobody-login0"
              hint: correct the user or the password in the database's URL
            "#],
    },
    ServerCase {
        name: "the scheme of the sister engine",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let (own, other) =
                if scene.home().engine() == "mysql" { ("mysql", "mariadb") } else { ("mariadb", "mysql") };
            scene.replace("stead.toml", &format!("{own}://"), &format!("{other}://"));
        },
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r"
            error[refused]: the server at the URL is MariaDB 10.11.19-MariaDB-0+deb12u1, not MySQL
              hint: write `mariadb://` instead of `mysql://`
            ",
            r"
            error[refused]: the server at the URL is MySQL 8.0.31, not MariaDB
              hint: write `mysql://` instead of `mariadb://`
            ",
        ],
    },
    ServerCase {
        name: "the scheme of an engine that speaks otherwise",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let own = format!("{}://", scene.home().engine());
            let other = if scene.home().is_mysql() { "postgres://" } else { "mysql://" };
            // A server of MySQL speaks first; whoever waits for it on one of PostgreSQL waits in vain.
            scene.replace("stead.toml", &own, other);
            let timeout = if scene.home().is_mysql() { "" } else { "?connect_timeout=2" };
            for name in ["main", "stats"] {
                let database = scene.name_on_server(name);
                scene.replace("stead.toml", &database, &format!("{database}{timeout}"));
            }
        },
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r"
            error[unreachable]: MySQL at `127.0.0.1:[id]` does not answer within 2 seconds
              hint: see whether the server runs; `connect_timeout` in the database's URL says how long to wait
            ",
            r"
            error[unreachable]: 127.0.0.1:[id] cannot be reached: [hung up]
              hint: start the server, or correct the host and port in its URL
            ",
            r"
            error[unreachable]: 127.0.0.1:[id] cannot be reached: [hung up]
              hint: start the server, or correct the host and port in its URL
            ",
        ],
    },
    ServerCase {
        name: "an option that the URL cannot have",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| option(scene, "sslmood=require"),
        command: &["dump", "--name", "kept"],
        exit: 2,
        says: &[
            r"
            error[database-url]: database `main`: the URL of a server has an option that is not known
              hint: a URL looks like `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`
              hint: options are application_name, channel_binding, connect_timeout, dbname, host, maintenance, options, password, port, sslcert, sslkey, sslmode, sslrootcert, statement_timeout, user
            ",
            r"
            error[database-url]: database `main`: the database's URL has an option that is not known
              hint: write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password
              hint: options are socket, ssl-mode, ssl-ca, ssl-cert, ssl-key, connect_timeout (seconds), statement_timeout (milliseconds), application_name, sql_mode, time_zone and sql_log_bin (on, off)
            ",
            r"
            error[database-url]: database `main`: the database's URL has an option that is not known
              hint: write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password
              hint: options are socket, ssl-mode, ssl-ca, ssl-cert, ssl-key, connect_timeout (seconds), statement_timeout (milliseconds), application_name, sql_mode, time_zone and sql_log_bin (on, off)
            ",
        ],
    },
    ServerCase {
        name: "an option with a value that is none",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| option(scene, "connect_timeout=soon"),
        command: &["dump", "--name", "kept"],
        exit: 2,
        says: &[
            r"
            error[database-url]: database `main`: `connect_timeout` in the URL has a unit other than `ms`, `s`, `min`
              hint: a URL looks like `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`
            ",
            r"
            error[database-url]: database `main`: `connect_timeout` in the database's URL is not a whole number
              hint: write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password
            ",
            r"
            error[database-url]: database `main`: `connect_timeout` in the database's URL is not a whole number
              hint: write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password
            ",
        ],
    },
    ServerCase {
        name: "a port that is no number",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let place = scene.server().rsplit_once('@').expect("a server's URL").1.to_owned();
            scene.replace("stead.toml", &place, "127.0.0.1:first");
        },
        command: &["dump", "--name", "kept"],
        exit: 2,
        says: &[
            r"
            error[database-url]: database `main`: the port in the URL is not a number from 1 to [number]
              hint: a URL looks like `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`
            ",
            r"
            error[database-url]: database `main`: the port in the database's URL is not a number up to [number]
              hint: write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password
            ",
            r"
            error[database-url]: database `main`: the port in the database's URL is not a number up to [number]
              hint: write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password
            ",
        ],
    },
    ServerCase {
        name: "a name that is too long for a database",
        on: On::All,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: |scene| {
            let database = scene.name_on_server("stats");
            scene.replace("stead.toml", &database, &"long".repeat(17));
        },
        command: &["init"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `stats`: the database's name `longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong` is longer than 63 bytes
            ",
            r"
            error[refused]: database `stats`: `longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong` cannot be the name of a database: it has more than 64 characters
            ",
            r"
            error[refused]: database `stats`: `longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong` cannot be the name of a database: it has more than 64 characters
            ",
        ],
    },
    ServerCase {
        name: "the server's own database",
        on: On::All,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: |scene| {
            let database = scene.name_on_server("stats");
            let own = if scene.home().is_mysql() { "mysql" } else { "template1" };
            scene.replace("stead.toml", &database, own);
        },
        command: &["init"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `stats`: the database's name `template1` is one of the server's own templates
            ",
            r"
            error[refused]: database `stats`: `mysql` cannot be the name of a database: it belongs to the server
            ",
            r"
            error[refused]: database `stats`: `mysql` cannot be the name of a database: it belongs to the server
            ",
        ],
    },
    ServerCase {
        name: "a maintenance database that is not there",
        on: On::Postgres,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: |scene| option(scene, "maintenance=nowhere"),
        command: &["init"],
        exit: 7,
        says: &[r#"
            error[unreachable]: `nowhere` on 127.0.0.1:[id] cannot be reached: database "nowhere" does not exist
              hint: `?maintenance=NAME` in the URL names another database to ask in
            "#],
    },
    ServerCase {
        name: "no connection is left for the login",
        on: On::Postgres,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| connections(scene, 0),
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[r#"
            error[unreachable]: `postgres` on 127.0.0.1:[id] cannot be reached: too many connections for role "login0"
              hint: let other sessions end, or raise `max_connections` or the role's limit
            "#],
    },
    ServerCase {
        name: "too few connections are left for a dump",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| connections(scene, 2),
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r#"
            error[unreachable]: `postgres` on 127.0.0.1:[id] cannot be reached: too many connections for role "login0"
              hint: let other sessions end, or raise `max_connections` or the role's limit
            "#,
            r"
            error[unreachable]: MariaDB at `127.0.0.1:[id]` does not let us in: User 'login0' has exceeded the 'max_user_connections' resource (current value: 2)
              hint: let other sessions end, or raise the server's or the user's limit
            ",
            r"
            error[unreachable]: MySQL at `127.0.0.1:[id]` does not let us in: User 'login0' has exceeded the 'max_user_connections' resource (current value: 2)
              hint: let other sessions end, or raise the server's or the user's limit
            ",
        ],
    },
    ServerCase {
        name: "too few connections are left for a load",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            connections(scene, 2);
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[
            r#"
            error[unreachable]: `postgres` on 127.0.0.1:[id] cannot be reached: too many connections for role "login0"
              hint: let other sessions end, or raise `max_connections` or the role's limit
            "#,
            r"
            error[unreachable]: MariaDB at `127.0.0.1:[id]` does not let us in: User 'login0' has exceeded the 'max_user_connections' resource (current value: 2)
              hint: let other sessions end, or raise the server's or the user's limit
            ",
            r"
            error[unreachable]: MySQL at `127.0.0.1:[id]` does not let us in: User 'login0' has exceeded the 'max_user_connections' resource (current value: 2)
              hint: let other sessions end, or raise the server's or the user's limit
            ",
        ],
    },
    ServerCase {
        name: "a server of a version that is too old",
        on: On::Postgres,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            let port = listener.local_addr().expect("it was just bound").port();
            let place = scene.server().rsplit_once('@').expect("a server's URL").1.to_owned();
            scene.replace("stead.toml", &place, &format!("127.0.0.1:{port}"));
            std::thread::spawn(move || listener.incoming().flatten().for_each(old_postgres));
        },
        command: &["dump", "--name", "kept"],
        exit: 1,
        says: &[r"
            error[unsupported]: PostgreSQL 9 is too old
              hint: PostgreSQL 13 and newer are supported
            "],
    },
];

/// Shuts the way to the server.
fn shut(scene: &mut Scene) {
    let gate = scene.gate().expect("a server");
    scene.keep(gate);
}

/// Adds an option to the URL of `main`.
fn option(scene: &Scene, option: &str) {
    for name in ["main", "stats"] {
        let database = scene.name_on_server(name);
        scene.replace("stead.toml", &database, &format!("{database}?{option}"));
    }
}

/// Lets the login have so many connections at a time.
fn connections(scene: &mut Scene, number: u32) {
    let login = scene.logins().pop().expect("a case has a login").name;
    match scene.home().is_mysql() {
        true => scene.on_server(&format!("ALTER USER '{login}'@'%' WITH MAX_USER_CONNECTIONS {number}")),
        false => scene.on_server(&format!("ALTER ROLE \"{login}\" CONNECTION LIMIT {number}")),
    };
}

/// Answers as PostgreSQL 9.6 does, as far as being asked for its version.
fn old_postgres(mut client: TcpStream) {
    let ready = b"Z\0\0\0\x05I";
    while let Some(request) = packet(&mut client, false) {
        // A request for TLS has no parameters.
        let answer: &[u8] = if request.len() == 4 { b"N" } else { b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I" };
        if client.write_all(answer).is_err() {
            return;
        }
        if request.len() > 4 {
            break;
        }
    }
    while packet(&mut client, true).is_some() {
        let mut answer = b"T\0\0\0\x1a\0\x01v\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0".to_vec();
        answer.extend(b"D\0\0\0\x0f\0\x01\0\0\0\x0590624C\0\0\0\x0dSELECT 1\0");
        answer.extend(ready);
        if client.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The content of the next message, with a byte for its kind before it or without.
fn packet(client: &mut TcpStream, kind: bool) -> Option<Vec<u8>> {
    let mut head = vec![0; if kind { 5 } else { 4 }];
    client.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().ok()?);
    let mut content = vec![0; usize::try_from(length).ok()?.checked_sub(4)?];
    client.read_exact(&mut content).ok()?;
    Some(content)
}
