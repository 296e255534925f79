//! Servers of MySQL and MariaDB that take no changes, as replicas do. It is a setting of the whole server, so each case has one of
//! its own.

use stead_testkit::fixture::{Fixture, Rights};
use stead_testkit::own_server::OwnServer;
use stead_testkit::servers::TestServer::{self, Mariadb, Mysql};

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
        says: &[
            r"
            error[refused]: The MariaDB server is running with the --read-only option so it cannot execute this statement
            ",
            r"
            error[refused]: The MySQL server is running with the --read-only option so it cannot execute this statement
            ",
        ],
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
