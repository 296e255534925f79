//! What people's SQL sets for its session: it holds to the end of its own file and no further, neither for the next file nor
//! for what stead itself does after it.

use stead_testkit::fixture::Home;

/// Two revisions: the first turns its session into another one, the second takes for granted that nobody did.
fn texts(home: Home) -> [&'static str; 2] {
    match home {
        Home::Files => [
            "PRAGMA defer_foreign_keys = ON;\nCREATE TABLE one (id INTEGER);",
            "CREATE TABLE two (name TEXT DEFAULT 'x');",
        ],
        Home::On(_) if home.is_mysql() => [
            "SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = '+05:00', foreign_key_checks = 0;\n\
             CREATE TABLE \"one\" (id INTEGER) COMMENT 'R\u{e9}sum\u{e9}';\nSET NAMES latin1;\n\
             SET autocommit = 0;\nINSERT INTO one VALUES (1);",
            "CREATE TABLE two (name VARCHAR(10) DEFAULT \"x\", CHECK (name <> \"\"));",
        ],
        Home::On(_) => [
            "SET search_path = pg_catalog;\nSET client_encoding = latin1;\nSET DateStyle = German;\nSET bytea_output = escape;\n\
             SET default_transaction_read_only = on;\nCREATE TABLE public.one (id INTEGER, day DATE DEFAULT '24.12.2024');\nCOMMENT ON TABLE public.one IS 'R\u{e9}sum\u{e9}';",
            "CREATE TABLE two (name TEXT DEFAULT 'x');",
        ],
    }
}

every_engine! {
    #[test]
    fn what_a_revision_sets_for_its_session_ends_with_it(fixture: migrated) {
        let [first, second] = texts(fixture.home());
        // Only there may it say what it says about transactions.
        let alone = if fixture.home().is_mysql() { "-- transaction: none\n" } else { "" };
        let file = |id: &str, parent: &str, up: &str, down: &str| {
            format!("-- Settings\n-- revision: {id}\n-- parent: {parent}\n{alone}\n-- up\n{up}\n\n-- down\n{down}\n")
        };
        let back = if fixture.home() == Home::Files || fixture.home().is_mysql() {
            "DROP TABLE two;"
        } else {
            "SET search_path = pg_catalog;\nDROP TABLE public.two;"
        };
        fixture.write("apps/shop/migrations/0004_one.sql", file("55ee66ff7700", "33cc44dd55ee", first, "DROP TABLE one;"));
        fixture.write("apps/shop/migrations/0005_two.sql", file("66ff77001122", "55ee66ff7700", second, back));
        fixture.run(["upgrade"]).exits(0).says("applied 2 revisions");
        assert!(fixture.has("main", "one") && fixture.has("main", "two"));
        if fixture.home().is_mysql() {
            assert_eq!(fixture.value("main", "SELECT count(*) FROM one"), "1", "what it did not commit itself is kept");
        }
        // What was stored after the upgrade is what a session of its own finds.
        let found = fixture.run(["check"]).out;
        assert!(!found.lines().any(|line| line.starts_with("a ")), "{found}");
        fixture.run(["downgrade", "-2", "--app", "shop", "--yes"]).exits(0).says("took back 2 revisions");
        assert!(!fixture.has("main", "one") && !fixture.has("main", "two"));
    }
}
