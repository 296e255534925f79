//! Real servers, started and stopped as `stead up` and `stead down` do. Each test has a volume of its own and runs once for every
//! server of the test command.

/// Makes one module a server, each with every test of the list.
macro_rules! on_each_server {
    ($($test:ident),+ $(,)?) => {
        $crate::on_each_server!(@server postgres15, Postgres15, $($test),+);
        $crate::on_each_server!(@server postgres18, Postgres18, $($test),+);
        $crate::on_each_server!(@server mariadb, Mariadb, $($test),+);
        $crate::on_each_server!(@server mysql, Mysql, $($test),+);
    };
    (@server $module:ident, $server:ident, $($test:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    if let Some(bed) = crate::bed::Bed::new(stead_testkit::servers::TestServer::$server) {
                        bed.run(super::$test(&bed));
                    }
                }
            )+
        }
    };
}
pub(crate) use on_each_server;

mod bed;
mod life;
mod trouble;
