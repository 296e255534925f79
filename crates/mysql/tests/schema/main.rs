//! Schemas of real servers, there and back: what is inspected is written, made in an empty database and inspected again, and the
//! server's own `SHOW CREATE` of every object in both databases is the judge. One binary, because a build of each would take
//! longer than the tests.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod corpus;
mod facts;
mod judge;
mod programs;
mod property;
mod refusals;
mod rights;
mod scene;

/// Makes a test for each server of a body that takes one.
macro_rules! on_servers {
    ($($(#[$attribute:meta])* $name:ident / $mariadb:ident / $mysql:ident;)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $mariadb() {
                crate::scene::run(stead_testkit::servers::TestServer::Mariadb, $name);
            }

            $(#[$attribute])*
            #[test]
            fn $mysql() {
                crate::scene::run(stead_testkit::servers::TestServer::Mysql, $name);
            }
        )*
    };
}
pub(crate) use on_servers;
