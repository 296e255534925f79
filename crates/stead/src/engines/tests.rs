use stead_engine::search::FieldKind;

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
        assert_eq!(affinity(declared), expected, "{declared}");
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
        assert_eq!(field_kind(declared), expected, "{declared}");
    }
}
