//! Servers that take no changes: those of MySQL and MariaDB by a setting of the whole server, as replicas have it, and standbys of
//! PostgreSQL. Each test has a server of its own for that. Who only looks is answered there, and who would write is told.

use std::fs;
use std::path::Path;

use stead_testkit::fixture::{Fixture, Rights};
use stead_testkit::own_server::OwnServer;
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql, Postgres15};

use super::{On, ServerCase};
use crate::case::Start;
use crate::scene::{Scene, stead};

const CASES: &[ServerCase] = &[
    ServerCase {
        name: "init on a server that is read-only",
        on: On::Mysqls,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: read_only,
        command: &["init"],
        exit: 7,
        says: &[r"
            error[refused]: database `main`: the server is read-only
              hint: it is a replica, or `read_only` is set: name the server that takes changes in the URL
            "],
    },
    ServerCase {
        name: "load on a server that is read-only",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            read_only(scene);
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[r"
            error[refused]: database `main`: the server is read-only
              hint: it is a replica, or `read_only` is set: name the server that takes changes in the URL
            "],
    },
    ServerCase {
        name: "an upgrade on a server that is read-only",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.write(
                "apps/audit/migrations/0002_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 44dd55ee66ff\n\n-- up\nALTER TABLE visits ADD COLUMN x INTEGER;\n",
            );
            read_only(scene);
        },
        command: &["upgrade"],
        exit: 7,
        says: &[r"
            error[refused]: database `stats`: the server is read-only
              hint: it is a replica, or `read_only` is set: name the server that takes changes in the URL
            "],
    },
    ServerCase {
        name: "models tried out on a server that is read-only",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: read_only,
        command: &["schema", "print"],
        exit: 7,
        says: &[r"
            error[refused]: the server is read-only
              hint: it is a replica, or `read_only` is set: name the server that takes changes in the URL
            "],
    },
];

fn read_only(scene: &mut Scene) {
    scene.on_server("SET GLOBAL read_only = ON");
}

fn refuses_on(server: TestServer) {
    let Some(own) = OwnServer::start(stead(), server) else { return };
    let url = own.url();
    for case in CASES {
        case.run_in(Fixture::on(stead(), server, &url));
        Fixture::on(stead(), server, &url).on_server("SET GLOBAL read_only = OFF");
    }
}

#[test]
fn read_only_server_of_mariadb() {
    refuses_on(Mariadb);
}

#[test]
fn read_only_server_of_mysql() {
    refuses_on(Mysql);
}

/// What a standby answers, with the exits.
const LOOKS: [(&[&str], i32); 8] = [
    (&["status"], 0),
    (&["history"], 0),
    (&["current"], 0),
    (&["upgrade", "--dry-run"], 0),
    (&["check"], 3),
    (&["schema", "print", "database:main"], 0),
    (&["index", "build", "items"], 0),
    (&["dump", "--name", "there"], 0),
];

/// What it does not take.
const WRITES: [&[&str]; 8] = [
    &["upgrade"],
    &["downgrade", "-1", "--app", "shop", "--yes"],
    &["stamp", "head", "--app", "audit"],
    &["load", "kept", "--yes"],
    &["seed", "--yes"],
    &["reset", "--yes"],
    &["undo", "--yes"],
    &["schema", "print"],
];

#[test]
fn a_standby_answers_and_takes_no_changes() {
    let Some(own) = OwnServer::start(stead(), Postgres15) else { return };
    let fixture = Fixture::on(stead(), Postgres15, &own.url());
    fixture.run(["init"]).exits(0);
    fixture.run(["dump", "--name", "kept"]).exits(0);
    fixture.run(["load", "kept", "--yes"]).exits(0);
    fixture.write(
        "apps/audit/migrations/0002_x.sql",
        "-- X\n-- revision: 55ee66ff7700\n-- parent: 44dd55ee66ff\n\n-- up\nALTER TABLE visits ADD COLUMN x INTEGER;\n",
    );
    let data = fixture.value("main", "SHOW data_directory");
    own.down();
    fs::write(Path::new(&data).join("standby.signal"), "").expect("the test's own server");
    own.up();
    for (command, code) in LOOKS {
        fixture.run(command).exits(code);
    }
    for command in WRITES {
        let refused = fixture.run(command).exits(7);
        refused.says("the server is a standby and takes no changes").says("name the primary server in the URL");
    }
    fixture.run(["check"]).prints("on a scratch database: the server is a standby");
    fixture.on_server("SELECT pg_promote()");
    fixture.run(["upgrade"]).exits(0);
}
