//! Logins that lack a right: they are told which, and in time, for whoever grants it is another person.

use stead_testkit::fixture::Rights;

use super::{On, ServerCase};
use crate::case::Start;
use crate::scene::Scene;

pub(crate) const CASES: &[ServerCase] = &[
    ServerCase {
        name: "init without the right to make databases",
        on: On::All,
        start: Start::Project,
        rights: Rights::None,
        prepare: |_| {},
        command: &["init"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `main`: the role lacks the right to make and rename databases
              hint: a superuser runs `ALTER ROLE login0 CREATEDB`
            ",
            r"
            error[refused]: database `main`: Access denied for user 'login0'@'%' to database 'main'
              hint: `GRANT ALL ON `main`.* TO …` gives the rights on it, whether it exists or not
            ",
            r"
            error[refused]: database `main`: Access denied for user 'login0'@'%' to database 'main'
              hint: `GRANT ALL ON `main`.* TO …` gives the rights on it, whether it exists or not
            ",
        ],
    },
    ServerCase {
        name: "dump of a table that may not be read",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            let reader = reader(scene);
            match scene.home().is_mysql() {
                true => {
                    let kinds = format!("`{}`.kinds", scene.name_on_server("main"));
                    scene.on_server(&format!("GRANT SELECT ON {kinds} TO {reader}"));
                    let stats = format!("`{}`.*", scene.name_on_server("stats"));
                    scene.on_server(&format!("GRANT SELECT ON {stats} TO {reader}"));
                    for own in ["stead_ledger", "stead_marker", "stead_schema"] {
                        let own = format!("`{}`.{own}", scene.name_on_server("main"));
                        scene.on_server(&format!("GRANT SELECT ON {own} TO {reader}"));
                    }
                }
                false => {
                    for name in ["main", "stats"] {
                        scene.sql(name, &format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"));
                        scene.sql(name, &format!("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {reader}"));
                    }
                    scene.sql("main", &format!("REVOKE SELECT ON items FROM {reader}"));
                }
            }
        },
        command: &["dump", "--name", "kept"],
        exit: 7,
        says: &[
            r#"
            error[refused]: the role lacks the right to read `"public"."items"`
              hint: `GRANT SELECT ON ALL TABLES IN SCHEMA …`, or membership in `pg_read_all_data`
            "#,
            r"
            error[refused]: the user of the database's URL lacks SELECT, TRIGGER, EVENT, EXECUTE on `main`
              hint: `GRANT SELECT, TRIGGER, EVENT, EXECUTE ON `main`.* TO …`: what a user has no right to, the server hides, so that it would be missing from the dump
            ",
            r"
            error[refused]: the user of the database's URL lacks SELECT, TRIGGER, EVENT, EXECUTE on `main`
              hint: `GRANT SELECT, TRIGGER, EVENT, EXECUTE ON `main`.* TO …`: what a user has no right to, the server hides, so that it would be missing from the dump
            ",
        ],
    },
    ServerCase {
        name: "load without the right to make databases",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            no_new_databases(scene);
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `main`: the role lacks the right to make and rename databases
              hint: a superuser runs `ALTER ROLE login0 CREATEDB`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
        ],
    },
    ServerCase {
        name: "seed without the right to make databases",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: no_new_databases,
        command: &["seed"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `main`: the role lacks the right to make and rename databases
              hint: a superuser runs `ALTER ROLE login0 CREATEDB`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
        ],
    },
    ServerCase {
        name: "init --clean without the right to make databases",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: no_new_databases,
        command: &["init", "--clean"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `main`: the role lacks the right to make and rename databases
              hint: a superuser runs `ALTER ROLE login0 CREATEDB`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
        ],
    },
    ServerCase {
        name: "reset without the right to make databases",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: no_new_databases,
        command: &["reset", "--yes"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `main`: the role lacks the right to make and rename databases
              hint: a superuser runs `ALTER ROLE login0 CREATEDB`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, CREATE, DROP, INSERT, LOCK TABLES, SELECT on `stead_new_[id]`
              hint: `GRANT ALL ON `stead\_%`.* TO …` gives them: built and kept databases begin with `stead_`
            ",
        ],
    },
    ServerCase {
        name: "load over a database of another owner",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            let other = scene.log_in(Rights::Needed).name;
            if scene.home().is_mysql() {
                let own = format!("`{}%`", scene.prefix().replace('_', "\\_"));
                scene.on_server(&format!("REVOKE DROP, ALTER ON {own}.* FROM '{other}'@'%'"));
            } else {
                for name in ["main", "stats"] {
                    scene.sql(name, &format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO \"{other}\""));
                }
            }
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[
            r"
            error[refused]: database `main`: the role lacks the right to rename `main`, which belongs to another
              hint: a superuser runs `ALTER DATABASE … OWNER TO login1`
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, DROP on `main`
              hint: `GRANT ALL ON `main`.* TO …` gives them
            ",
            r"
            error[refused]: database `main`: the user of the database's URL lacks ALTER, DROP on `main`
              hint: `GRANT ALL ON `main`.* TO …` gives them
            ",
        ],
    },
    ServerCase {
        name: "load without the right to lock tables",
        on: On::Mysqls,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            let login = scene.logins().pop().expect("a case has a login").name;
            let own = format!("`{}%`", scene.prefix().replace('_', "\\_"));
            scene.on_server(&format!("REVOKE LOCK TABLES ON {own}.* FROM '{login}'@'%'"));
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[r"
            error[refused]: database `main`: the user of the database's URL lacks LOCK TABLES on `main`
              hint: `GRANT ALL ON `main`.* TO …` gives them
            "],
    },
    ServerCase {
        name: "an upgrade without the right to alter",
        on: On::All,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.write(
                "apps/audit/migrations/0002_x.sql",
                "-- X\n-- revision: 55ee66ff7700\n-- parent: 44dd55ee66ff\n\n-- up\nALTER TABLE visits ADD COLUMN x INTEGER;\n",
            );
            let writer = reader(scene);
            for name in ["main", "stats"] {
                if scene.home().is_mysql() {
                    let own = format!("`{}`.*", scene.name_on_server(name));
                    // Whoever may not see everything is refused before.
                    let seeing = "TRIGGER, EVENT, EXECUTE";
                    scene.on_server(&format!("GRANT SELECT, INSERT, UPDATE, DELETE, {seeing} ON {own} TO {writer}"));
                } else {
                    scene.sql(name, &format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {writer}"));
                }
            }
        },
        command: &["upgrade"],
        exit: 7,
        says: &[
            r"
            error[refused]: permission denied for schema public
              hint: the owner of what it names, or a superuser, grants the right to the role in the URL
            ",
            r"
            error[refused]: CREATE command denied to user 'login1'@'127.0.0.1' for table `stats`.`stead_ledger`
              hint: see `SHOW GRANTS` for what the user of the database's URL may do
            ",
            r"
            error[refused]: CREATE command denied to user 'login1'@'127.0.0.1' for table 'stead_ledger'
              hint: see `SHOW GRANTS` for what the user of the database's URL may do
            ",
        ],
    },
    ServerCase {
        name: "an upgrade where everything is read-only",
        on: On::Postgres,
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
            error[refused]: database `stats`: the role's sessions are read-only
              hint: `default_transaction_read_only` is set for the role, for the database or for the whole server
            "],
    },
    ServerCase {
        name: "load where everything is read-only",
        on: On::Postgres,
        start: Start::Ready,
        rights: Rights::Needed,
        prepare: |scene| {
            scene.dump();
            read_only(scene);
        },
        command: &["load", "kept"],
        exit: 7,
        says: &[r"
            error[refused]: database `main`: the role's sessions are read-only
              hint: `default_transaction_read_only` is set for the role, for the database or for the whole server
            "],
    },
    ServerCase {
        name: "a first init where everything is read-only",
        on: On::Postgres,
        start: Start::Project,
        rights: Rights::Needed,
        prepare: |scene| read_only(scene),
        command: &["init"],
        exit: 7,
        says: &[r"
            error[refused]: database `main`: the role's sessions are read-only
              hint: `default_transaction_read_only` is set for the role, for the database or for the whole server
            "],
    },
];

/// A login that may only log in, as SQL writes it.
fn reader(scene: &Scene) -> String {
    let name = scene.log_in(Rights::None).name;
    if scene.home().is_mysql() { format!("'{name}'@'%'") } else { format!("\"{name}\"") }
}

/// Takes away the right to make databases; those that are there stay the login's own.
fn no_new_databases(scene: &mut Scene) {
    let login = scene.logins().pop().expect("a case has a login").name;
    match scene.home().is_mysql() {
        true => scene.on_server(&format!("REVOKE ALL ON `stead\\_%`.* FROM '{login}'@'%'")),
        false => scene.on_server(&format!("ALTER ROLE \"{login}\" NOCREATEDB")),
    };
}

fn read_only(scene: &Scene) {
    let login = scene.logins().pop().expect("a case has a login").name;
    scene.on_server(&format!("ALTER ROLE \"{login}\" SET default_transaction_read_only = on"));
}
