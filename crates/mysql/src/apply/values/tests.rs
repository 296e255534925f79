//! Values without a server: what the driver hands over, and what the port has of it.

use super::*;

fn column(kind: ColumnType, decimals: u8) -> Column {
    Column::new(kind).with_decimals(decimals).with_character_set(BINARY)
}

fn seen(found: DriverValue, column: &Column) -> Value {
    value(found, column).expect("the value has a counterpart")
}

#[test]
fn large_numbers_stay_exact() {
    let number = column(ColumnType::MYSQL_TYPE_LONGLONG, 0);
    assert_eq!(seen(DriverValue::UInt(u64::MAX), &number), Value::from("18446744073709551615"));
    assert_eq!(seen(DriverValue::Int(i64::MIN), &number), Value::Integer(i64::MIN));
    let bit = column(ColumnType::MYSQL_TYPE_BIT, 0);
    assert_eq!(seen(DriverValue::Bytes(vec![1, 0]), &bit), Value::Integer(256));
    assert_eq!(seen(DriverValue::Bytes(vec![255; 8]), &bit), Value::from("18446744073709551615"));
    let float = column(ColumnType::MYSQL_TYPE_FLOAT, 31);
    assert_eq!(seen(DriverValue::Float(16_777_217.0), &float), Value::Real(16_777_216.0));
}

#[test]
fn times_are_spelt_as_the_server_spells_them() {
    let time = |decimals| column(ColumnType::MYSQL_TYPE_TIME, decimals);
    assert_eq!(seen(DriverValue::Time(true, 34, 22, 59, 59, 999_000), &time(3)), Value::from("-838:59:59.999"));
    assert_eq!(seen(DriverValue::Time(false, 0, 1, 2, 3, 0), &time(0)), Value::from("01:02:03"));
    let moment = DriverValue::Date(2026, 1, 2, 3, 4, 5, 60);
    assert_eq!(seen(moment, &column(ColumnType::MYSQL_TYPE_DATETIME, 6)), Value::from("2026-01-02 03:04:05.000060"));
    let zero = DriverValue::Date(0, 0, 0, 0, 0, 0, 0);
    assert_eq!(seen(zero.clone(), &column(ColumnType::MYSQL_TYPE_DATE, 0)), Value::from("0000-00-00"));
    assert_eq!(seen(zero, &column(ColumnType::MYSQL_TYPE_DATETIME, 0)), Value::from("0000-00-00 00:00:00"));
}

#[test]
fn bytes_are_bytes_and_text_is_text() {
    let blob = column(ColumnType::MYSQL_TYPE_BLOB, 0);
    assert_eq!(seen(DriverValue::Bytes(vec![255]), &blob), Value::Blob(vec![255]));
    let text = column(ColumnType::MYSQL_TYPE_BLOB, 0).with_character_set(255);
    assert_eq!(seen(DriverValue::Bytes(b"a".to_vec()), &text), Value::from("a"));
    assert!(value(DriverValue::Bytes(vec![255]), &text).is_err());
    let decimal = column(ColumnType::MYSQL_TYPE_NEWDECIMAL, 2);
    assert_eq!(seen(DriverValue::Bytes(b"1.10".to_vec()), &decimal), Value::from("1.10"));
}
