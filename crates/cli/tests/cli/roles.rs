//! Snapshots that name roles of another server: refused by name, or taken over by whoever loads them, as the project says.

use stead_testkit::fixture::{Fixture, Home};
use stead_testkit::servers::TestServer;

const CURRENT: [&str; 2] = ["--set", "databases.main.roles=current"];

/// Gives something in `main` to a role that is gone after the dump; what tells whose it is.
fn belong_to_somebody(fixture: &Fixture, role: &str) -> &'static str {
    match fixture.home().engine() {
        "postgres" => {
            fixture.on_server(&format!("CREATE ROLE \"{role}\""));
            fixture.sql("main", &format!("GRANT SELECT ON items TO \"{role}\"; ALTER TABLE kinds OWNER TO \"{role}\""));
            "SELECT (SELECT relacl IS NULL FROM pg_class WHERE relname = 'items')::int, \
             (SELECT tableowner <> current_user FROM pg_tables WHERE tablename = 'kinds')::int"
        }
        "sqlite" => "SELECT 1, 0",
        _ => {
            fixture.sql("main", &format!("CREATE DEFINER = `{role}`@`%` VIEW seen AS SELECT id FROM items"));
            "SELECT DEFINER = CURRENT_USER(), DEFINER <> CURRENT_USER() FROM information_schema.VIEWS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'seen'"
        }
    }
}

every_engine! {
    #[test]
    fn trap_p25_m19_roles_that_are_not_there_are_refused_or_replaced_by_whoever_loads(fixture: ready) {
        let role = format!("{}else\"where", fixture.prefix());
        let whose = belong_to_somebody(&fixture, &role.replace('"', "\"\""));
        fixture.run(["dump", "--name", "theirs"]).exits(0);
        let before = fixture.content();
        let owned = fixture.value("main", whose);
        let is_postgres = fixture.home().engine() == "postgres";
        if is_postgres {
            let name = role.replace('"', "\"\"");
            fixture.sql("main", &format!("REASSIGN OWNED BY \"{name}\" TO CURRENT_USER; DROP OWNED BY \"{name}\""));
            fixture.on_server(&format!("DROP ROLE \"{name}\""));
            fixture.run(["load", "theirs", "--skip-index"]).exits(1).says(&role).says("roles = \"current\"");
            assert_eq!(fixture.content(), before);
            assert_eq!(fixture.strays(), Vec::<String>::new());
        } else {
            fixture.run(["load", "theirs", "--skip-index"]).exits(0);
            assert_eq!(fixture.value("main", whose), owned);
        }
        fixture.run([&["load", "theirs", "--skip-index"][..], &CURRENT].concat()).exits(0);
        assert_eq!(fixture.content(), before);
        assert_eq!(fixture.value("main", whose), "1|0");
        fixture.run(["schema", "print", "database:main", "--roles", "later"]).exits(2);
        if is_postgres {
            let grants = "GRANT SELECT ON items TO PUBLIC";
            fixture.sql("main", grants);
            fixture.run(["check"]).exits(3).prints("TABLE public.items");
            fixture.run([&["check"][..], &CURRENT].concat()).exits(0);
            fixture.run(["schema", "print", "database:main"]).exits(0).prints("TO PUBLIC");
            let without = fixture.run(["schema", "print", "database:main", "--roles", "current"]).exits(0);
            assert!(!without.out.contains("GRANT"), "{}", without.out);
        }
    }
}

/// A password in the database is never dumped, and whoever loads it is told that it has to be set again. So is that a view has no
/// rows because they came from where a load does not look.
#[test]
fn what_is_left_out_because_it_is_secret_is_said_by_load() {
    for server in [TestServer::Postgres15, TestServer::Postgres18] {
        let Some(fixture) = super::ready::at(Home::On(server)) else { continue };
        let options = "OPTIONS (user 'clerk', password 'zq-planted')";
        fixture.sql(
            "main",
            &format!(
                "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER there FOREIGN DATA WRAPPER far; \
                 CREATE USER MAPPING FOR PUBLIC SERVER there {options}"
            ),
        );
        fixture.sql("main", "CREATE MATERIALIZED VIEW below AS SELECT 1 AS a");
        fixture.sql("main", "CREATE MATERIALIZED VIEW \"Above\" AS SELECT a FROM below");
        fixture.sql("main", "REFRESH MATERIALIZED VIEW below WITH NO DATA");
        fixture.run(["dump", "--name", "b"]).exits(0);
        let loaded = fixture.run(["load", "b", "--skip-index"]).exits(0);
        let loaded = loaded.says("the view `public.Above` has no rows: ");
        let loaded = loaded.says("`REFRESH MATERIALIZED VIEW \"public\".\"Above\"` fills it");
        assert!(!loaded.err.contains("the view `public.below`"), "{}", loaded.err);
        assert!(loaded.err.contains("the user mapping `PUBLIC ON there`: "), "{}", loaded.err);
        assert!(loaded.err.contains("`password`") && !loaded.err.contains("zq-planted"), "{}", loaded.err);
    }
}
