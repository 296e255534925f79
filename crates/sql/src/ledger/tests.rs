use stead_schema::EngineKind;

use super::*;

#[test]
fn every_statement_is_one_statement_that_names_an_own_table() {
    let engine = EngineKind::Sqlite;
    let mut all = create(engine).unwrap().to_vec();
    all.extend([put_row(engine), select_rows(engine), delete_row(engine), update_state(engine)].map(Result::unwrap));
    all.extend([read_marker(engine), write_marker(engine), clear_marker(engine)].map(Result::unwrap));
    all.extend([read_schema(engine), write_schema(engine), clear_schema(engine)].map(Result::unwrap));
    for sql in all {
        let statements = crate::split(sql, engine).unwrap();
        assert_eq!(statements.len(), 1, "{sql}");
        assert!(own_tables().iter().any(|table| sql.contains(table)), "{sql}");
    }
}

#[test]
fn the_columns_are_those_of_the_table_and_of_the_queries() {
    let [ledger, ..] = create(EngineKind::Sqlite).unwrap();
    let clauses = crate::sqlite_table_clauses(ledger);
    let mut columns = LEDGER_COLUMNS.to_vec();
    let list = columns.join(" ");
    for sql in [put_row(EngineKind::Sqlite).unwrap(), select_rows(EngineKind::Sqlite).unwrap()] {
        assert!(sql.replace(",", "").split_whitespace().collect::<Vec<_>>().join(" ").contains(&list));
    }
    columns.sort_unstable();
    assert_eq!(clauses.columns.keys().map(String::as_str).collect::<Vec<_>>(), columns);
    assert_eq!(clauses.keys[0].columns, ["app", "revision"]);
}

#[test]
fn engines_that_are_not_built_say_so() {
    let refused = create(EngineKind::Mysql).unwrap_err();
    assert_eq!(refused.to_string(), "the ledger is not built for MySQL yet");
    assert_eq!((refused.code(), refused.hints().len()), ("unsupported", 1));
}
