//! Upgrades on PostgreSQL while applications hold locks: a schema change that waits lets others through, is tried again, and
//! gives up when it was told to, naming whoever is in the way.

use std::process::Stdio;

use stead_testkit::fixture::{Fixture, Home};
use stead_testkit::servers::TestServer::{Postgres15, Postgres18};

const REVISION: &str = "-- Weigh\n-- revision: 55ee66ff7700\n-- parent: 33cc44dd55ee\n\n-- up\n\
                        ALTER TABLE items ADD COLUMN weight integer;\n\n-- down\nALTER TABLE items DROP COLUMN weight;\n";
const COLUMN: &str =
    "SELECT count(*) FROM information_schema.columns WHERE table_name = 'items' AND column_name = 'weight'";

fn each(test: impl Fn(&Fixture)) {
    for server in [Postgres15, Postgres18] {
        if let Some(fixture) = super::migrated::at(Home::On(server)) {
            fixture.write("apps/shop/migrations/0004_weigh.sql", REVISION);
            test(&fixture);
        }
    }
}

#[test]
fn a_schema_change_gives_up_in_time_and_names_who_is_in_the_way() {
    each(|fixture| {
        let reader = fixture.hold("main", &["SET application_name = 'report'", "BEGIN", "SELECT count(*) FROM items"]);
        let before = fixture.run(["status", "--json"]).exits(0).json();
        let failed = fixture.run(["upgrade", "--lock-timeout", "3s"]).exits(5);
        let (said, tables) = ("error[lock-timeout]", "idle in transaction) holds `items`");
        assert!(failed.err.contains(said) && failed.err.contains(tables), "{}", failed.err);
        assert!(failed.err.contains("(`report` of ") && failed.err.contains("`--lock-timeout`"), "{}", failed.err);
        assert!(failed.err.contains("0004_weigh.sql"), "{}", failed.err);
        assert_eq!(fixture.run(["status", "--json"]).exits(0).json()["databases"], before["databases"]);
        drop(reader);
        fixture.run(["upgrade", "--lock-timeout", "3s"]).exits(0);
        assert_eq!(fixture.value("main", COLUMN), "1");
    });
}

#[test]
fn a_schema_change_that_waits_lets_others_through_and_is_done_when_it_can() {
    each(|fixture| {
        let reader = fixture.hold("main", &["BEGIN", "SELECT count(*) FROM items"]);
        let upgrade = fixture.command(["upgrade"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let upgrade = upgrade.expect("the binary was built");
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE items%'";
        while fixture.value("main", waiting) == "0" {}
        // Without a limit this reader would queue behind the upgrade, and the upgrade behind the first reader, for ever.
        assert_eq!(fixture.value("main", "SELECT count(*) FROM items"), "0");
        while fixture.value("main", waiting) != "0" {}
        assert_eq!(fixture.value("main", COLUMN), "0");
        drop(reader);
        let done = upgrade.wait_with_output().expect("it can be waited for");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("a lock is waited for that others hold"), "{said}");
        assert_eq!(fixture.value("main", COLUMN), "1");
        assert_eq!(fixture.value("main", "SHOW lock_timeout"), "0");
    });
}

#[test]
fn a_downgrade_waits_the_same_way_and_the_settings_of_the_next_revision_are_its_own() {
    each(|fixture| {
        fixture.run(["upgrade"]).exits(0);
        let reader = fixture.hold("main", &["BEGIN", "SELECT count(*) FROM items"]);
        fixture
            .run(["downgrade", "-1", "--app", "shop", "--yes", "--lock-timeout", "3s"])
            .exits(5)
            .says("holds `items`");
        assert_eq!(fixture.value("main", COLUMN), "1");
        drop(reader);
        fixture.run(["downgrade", "-1", "--app", "shop", "--yes"]).exits(0);
        let own = REVISION.replace("ALTER TABLE items ADD", "SET lock_timeout = '7s';\nALTER TABLE items ADD");
        fixture.write("apps/shop/migrations/0004_weigh.sql", own);
        let none = "-- Tell\n-- revision: 66ee66ff7700\n-- parent: 55ee66ff7700\n-- transaction: none\n\n-- up\n\
                    CREATE TABLE told AS SELECT current_setting('lock_timeout') AS wait;\n\n-- down\nDROP TABLE told;\n";
        fixture.write("apps/shop/migrations/0005_tell.sql", none);
        fixture.run(["upgrade"]).exits(0);
        // What must not run in a transaction cannot be tried again, so it waits as long as it takes.
        assert_eq!(fixture.value("main", "SELECT wait FROM told"), "0");
    });
}
