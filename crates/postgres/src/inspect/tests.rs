use super::catalog::parameters;
use super::query::for_version;

#[test]
fn lines_of_other_versions_are_left_out() {
    let sql = "SELECT a, -- since 15\n  b, -- since 13 before 15\n  c";
    assert_eq!(for_version(sql, 15), "SELECT a,\n  c");
    assert_eq!(for_version(sql, 14), "  b,\n  c");
}

#[test]
fn shared_conditions_are_written_out() {
    let sql = for_version("WHERE $user(c, pg_class) AND x", 15);
    assert!(sql.starts_with("WHERE (c.oid >= 16384 AND NOT EXISTS"), "{sql}");
    assert!(sql.ends_with(" AND x") && sql.contains("'pg_class'::regclass"), "{sql}");
}

#[test]
fn parameters_are_quoted_where_they_must() {
    let own = vec!["fillfactor=70".to_owned(), "x=it's".to_owned(), "Odd=".to_owned()];
    let toast = vec!["autovacuum_enabled=false".to_owned()];
    let written = "fillfactor=70, x='it''s', \"Odd\"='', toast.autovacuum_enabled=false";
    assert_eq!(parameters(Some(&own), Some(&toast)).as_deref(), Some(written));
    assert_eq!(parameters(None, None), None);
}
