//! Which files are models of an engine, by nothing but their names.

use std::path::Path;

use stead_schema::EngineKind::{self, Mariadb, Mysql, Postgres, Sqlite};

use super::is_model;

#[test]
fn a_file_is_for_the_engines_that_its_name_ends_with_or_for_all() {
    let every = [Sqlite, Postgres, Mysql, Mariadb];
    let cases: [(&str, &[EngineKind]); 8] = [
        ("x.sql", &every),
        ("x.mysql.sql", &[Mysql]),
        ("x.mysql.mariadb.sql", &[Mysql, Mariadb]),
        ("x.mysql.old.sql", &every),
        ("a.b.postgres.sql", &[Postgres]),
        ("mysql.sql", &every),
        ("mysql.mariadb.sql", &[Mariadb]),
        ("x.mysql", &[]),
    ];
    for (name, engines) in cases {
        let found: Vec<EngineKind> = every.into_iter().filter(|kind| is_model(Path::new(name), *kind)).collect();
        assert_eq!(found, engines, "{name}");
    }
}
