use stead_engine::search::FieldKind;
use stead_schema::EngineKind;

use super::{Affinity, affinity, field_kind};

#[test]
fn declared_types_have_the_affinity_that_sqlite_gives_them_or_text() {
    let cases = [
        ("INTEGER", Affinity::Integer),
        ("unsigned big int", Affinity::Integer),
        ("VARCHAR(20)", Affinity::Text),
        ("", Affinity::Text),
        ("DATETIME", Affinity::Text),
        ("BOOLEAN", Affinity::Truth),
        ("BLOB", Affinity::Bytes),
        ("DOUBLE PRECISION", Affinity::Real),
        ("FLOAT", Affinity::Real),
        ("DECIMAL(10,5)", Affinity::Number),
    ];
    for (declared, expected) in cases {
        assert_eq!(affinity(EngineKind::Sqlite, declared), expected, "{declared}");
    }
}

#[test]
fn fields_get_their_kind_from_the_declared_type() {
    let cases = [
        ("INTEGER", FieldKind::Integer),
        ("TEXT", FieldKind::Text),
        ("REAL", FieldKind::Float),
        ("NUMERIC", FieldKind::Float),
        ("BOOLEAN", FieldKind::Boolean),
        ("DATE", FieldKind::Date),
        ("timestamp", FieldKind::Date),
        ("BLOB", FieldKind::Text),
    ];
    for (declared, expected) in cases {
        assert_eq!(field_kind(EngineKind::Sqlite, declared), expected, "{declared}");
    }
}

#[test]
fn types_of_servers_are_told_by_their_first_word() {
    let cases = [
        ("integer", Affinity::Integer),
        ("interval", Affinity::Text),
        ("point", Affinity::Text),
        ("integer[]", Affinity::Text),
        ("bigint unsigned", Affinity::Decimal),
        ("numeric(10,2)", Affinity::Decimal),
        ("double precision", Affinity::Real),
        ("character varying(20)", Affinity::Text),
        ("jsonb", Affinity::Text),
        ("uuid", Affinity::Text),
        ("tinyint(1)", Affinity::Truth),
        ("bytea", Affinity::Bytes),
        ("varbinary(16)", Affinity::Bytes),
        ("enum('blob','int')", Affinity::Text),
    ];
    for (declared, expected) in cases {
        assert_eq!(affinity(EngineKind::Postgres, declared), expected, "{declared}");
    }
    let kinds = [
        ("timestamp with time zone", FieldKind::Date),
        ("numeric", FieldKind::Float),
        ("tinyint(1)", FieldKind::Boolean),
        ("tinyint(4)", FieldKind::Integer),
        ("enum('date')", FieldKind::Text),
    ];
    for (declared, expected) in kinds {
        assert_eq!(field_kind(EngineKind::Mysql, declared), expected, "{declared}");
    }
}
