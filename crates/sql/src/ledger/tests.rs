use stead_schema::EngineKind;

use super::*;

fn all(engine: EngineKind) -> Vec<&'static str> {
    let mut all = create(engine).to_vec();
    all.extend([put_row(engine), select_rows(engine), delete_row(engine), read_marker(engine), write_marker(engine)]);
    all.extend([read_schema(engine), write_schema(engine), delete_schema(engine)]);
    all
}

#[test]
fn every_statement_is_one_statement_that_names_an_own_table() {
    for engine in EngineKind::ALL {
        for sql in all(engine) {
            let statements = crate::split(sql, engine).unwrap();
            assert_eq!(statements.len(), 1, "{engine}: {sql}");
            assert!(own_tables().iter().any(|table| sql.contains(table)), "{engine}: {sql}");
        }
    }
}

#[test]
fn postgres_is_told_where_the_tables_are() {
    for sql in all(EngineKind::Postgres) {
        let bare = sql.replace("public.stead_", "");
        assert!(!own_tables().iter().any(|table| bare.contains(table)), "{sql}");
    }
    assert!(is_own("public.stead_ledger") && is_own("stead_marker") && !is_own("audit.stead_ledger"));
}

/// The number of different parameters of a statement.
fn parameters(engine: EngineKind, sql: &str) -> usize {
    let mark = match engine {
        EngineKind::Sqlite => '?',
        EngineKind::Postgres => '$',
        EngineKind::Mysql | EngineKind::Mariadb => return sql.matches('?').count(),
    };
    let words: Vec<&str> = sql.split(|letter: char| !(letter.is_ascii_digit() || letter == mark)).collect();
    (1..=40).filter(|number| words.contains(&format!("{mark}{number}").as_str())).count()
}

#[test]
fn every_engine_takes_the_same_parameters() {
    for engine in EngineKind::ALL {
        let counts: Vec<usize> = all(engine).into_iter().map(|sql| parameters(engine, sql)).collect();
        assert_eq!(counts, [0, 0, 0, 22, 0, 2, 0, 4, 0, 4, 0], "{engine}");
    }
}

#[test]
fn the_columns_are_those_of_the_table_and_of_the_queries() {
    let list = LEDGER_COLUMNS.join(" ");
    for engine in EngineKind::ALL {
        for sql in [put_row(engine), select_rows(engine)] {
            assert!(sql.replace(',', "").split_whitespace().collect::<Vec<_>>().join(" ").contains(&list), "{engine}");
        }
        let [ledger, ..] = create(engine);
        let columns = ledger.lines().filter_map(|line| line.strip_prefix("    "));
        let columns: Vec<&str> = columns.filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(columns[..LEDGER_COLUMNS.len()], LEDGER_COLUMNS, "{engine}");
    }
    let [ledger, ..] = create(EngineKind::Sqlite);
    assert_eq!(crate::sqlite_table_clauses(ledger).keys[0].columns, ["app", "revision"]);
}
