//! The same on the servers: each history and each schema becomes a project whose database lies on PostgreSQL, MySQL or
//! MariaDB, and beside it lies a twin that the engine's own client made from the same files. What the two look like is
//! asked of the server, through that client and never through stead.

/// Makes of each function one test for each server that is named, `authelia::postgres15`.
macro_rules! on_servers {
    ($($name:ident on $($key:ident),+;)+) => {$(
        mod $name {
            $(on_servers!(@test $key, $name);)+
        }
    )+};
    (@test postgres15, $name:ident) => { on_servers!(@test postgres15, Postgres15, $name); };
    (@test postgres18, $name:ident) => { on_servers!(@test postgres18, Postgres18, $name); };
    (@test mariadb, $name:ident) => { on_servers!(@test mariadb, Mariadb, $name); };
    (@test mysql, $name:ident) => { on_servers!(@test mysql, Mysql, $name); };
    (@test $key:ident, $server:ident, $name:ident) => {
        #[test]
        fn $key() {
            super::$name(stead_testkit::servers::TestServer::$server);
        }
    };
}

mod client;
mod histories;
mod life;
mod mysql;
mod postgres;
mod schemas;
