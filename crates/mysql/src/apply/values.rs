//! Values on their way in and out. The binary protocol gives numbers and times as they are; the text protocol gives
//! everything as text, and the column's type says what it was.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column, Params, Row as DriverRow, Value as DriverValue};
use stead_engine::value::ResultColumn;
use stead_engine::{EngineError, ErrorClass, Row, Value};

#[cfg(test)]
mod tests;

/// The number of the character set that means bytes.
const BINARY: u16 = 63;

/// Values as the driver binds them.
pub(crate) fn bound(values: &[Value]) -> Params {
    if values.is_empty() { Params::Empty } else { Params::Positional(values.iter().map(bound_value).collect()) }
}

fn bound_value(value: &Value) -> DriverValue {
    match value {
        Value::Null => DriverValue::NULL,
        Value::Integer(number) => DriverValue::Int(*number),
        Value::Real(number) => DriverValue::Double(*number),
        Value::Text(text) => DriverValue::Bytes(text.clone().into_bytes()),
        Value::Blob(bytes) => DriverValue::Bytes(bytes.clone()),
    }
}

/// A value of one of our own queries in the text protocol.
pub(crate) fn own_text(value: DriverValue) -> Result<Option<String>, EngineError> {
    match value {
        DriverValue::NULL => Ok(None),
        DriverValue::Bytes(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| {
            EngineError::new(ErrorClass::Unsupported, "the server's catalog holds a name or text that is not UTF-8")
        }),
        other => Err(EngineError::new(ErrorClass::Bug, format!("a text was expected, the server sent {other:?}"))),
    }
}

/// A row as the port has it.
pub(crate) fn row(row: DriverRow) -> Result<Row, EngineError> {
    let columns = row.columns();
    mysql_async::Row::unwrap(row).into_iter().zip(columns.iter()).map(|(found, column)| value(found, column)).collect()
}

fn value(value: DriverValue, column: &Column) -> Result<Value, EngineError> {
    Ok(match value {
        DriverValue::NULL => Value::Null,
        DriverValue::Int(number) => Value::Integer(number),
        DriverValue::UInt(number) => unsigned(number),
        DriverValue::Float(number) => Value::Real(f64::from(number)),
        DriverValue::Double(number) => Value::Real(number),
        moment @ (DriverValue::Date(..) | DriverValue::Time(..)) => Value::Text(moment_text(&moment, column)),
        DriverValue::Bytes(bytes) => from_bytes(bytes, column)?,
    })
}

/// A date or time as the server spells it; empty for everything else.
pub(crate) fn moment_text(value: &DriverValue, column: &Column) -> String {
    use ColumnType as Kind;
    match *value {
        DriverValue::Date(year, month, day, hour, minute, second, micro) => {
            let date = format!("{year:04}-{month:02}-{day:02}");
            if matches!(column.column_type(), Kind::MYSQL_TYPE_DATE | Kind::MYSQL_TYPE_NEWDATE) {
                return date;
            }
            format!("{date} {hour:02}:{minute:02}:{second:02}{}", fraction(micro, column))
        }
        DriverValue::Time(negative, days, hours, minutes, seconds, micro) => {
            let (sign, hours) = (if negative { "-" } else { "" }, days * 24 + u32::from(hours));
            format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{}", fraction(micro, column))
        }
        _ => String::new(),
    }
}

/// The digits after the second that the column keeps.
fn fraction(micro: u32, column: &Column) -> String {
    let digits = match column.decimals() {
        0 => return String::new(),
        digits @ 1..=6 => usize::from(digits),
        _ if micro == 0 => return String::new(),
        _ => 6,
    };
    format!(".{}", &format!("{micro:06}")[..digits])
}

fn unsigned(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Integer)
}

fn from_bytes(bytes: Vec<u8>, column: &Column) -> Result<Value, EngineError> {
    use ColumnType as Kind;
    match column.column_type() {
        Kind::MYSQL_TYPE_GEOMETRY => Ok(Value::Blob(bytes)),
        Kind::MYSQL_TYPE_BIT => Ok(bits(bytes)),
        Kind::MYSQL_TYPE_TINY
        | Kind::MYSQL_TYPE_SHORT
        | Kind::MYSQL_TYPE_LONG
        | Kind::MYSQL_TYPE_INT24
        | Kind::MYSQL_TYPE_LONGLONG
        | Kind::MYSQL_TYPE_YEAR => {
            text(bytes, column).map(|text| text.parse().map_or(Value::Text(text), Value::Integer))
        }
        Kind::MYSQL_TYPE_FLOAT | Kind::MYSQL_TYPE_DOUBLE => {
            text(bytes, column).map(|text| text.parse().map_or(Value::Text(text), Value::Real))
        }
        Kind::MYSQL_TYPE_STRING
        | Kind::MYSQL_TYPE_VAR_STRING
        | Kind::MYSQL_TYPE_VARCHAR
        | Kind::MYSQL_TYPE_BLOB
        | Kind::MYSQL_TYPE_TINY_BLOB
        | Kind::MYSQL_TYPE_MEDIUM_BLOB
        | Kind::MYSQL_TYPE_LONG_BLOB
            if column.character_set() == BINARY
                && !column.flags().intersects(ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG) =>
        {
            Ok(Value::Blob(bytes))
        }
        _ => text(bytes, column).map(Value::Text),
    }
}

/// A `BIT` as a number, most significant byte first; as text where it is too large for the port's integers.
fn bits(bytes: Vec<u8>) -> Value {
    unsigned(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn text(bytes: Vec<u8>, column: &Column) -> Result<String, EngineError> {
    String::from_utf8(bytes).map_err(|_| {
        EngineError::new(
            ErrorClass::Unsupported,
            format!("column `{}` holds text that is not UTF-8", column.name_str()),
        )
    })
}

/// A column of a result.
pub(crate) fn described(column: &Column) -> ResultColumn {
    let from_table = !column.org_table_ref().is_empty() && !column.org_name_ref().is_empty();
    ResultColumn { name: column.name_str().into_owned(), declared: from_table.then(|| declared(column)) }
}

/// The type of a column of a table, as far as a result tells it.
fn declared(column: &Column) -> String {
    use ColumnType as Kind;
    let flags = column.flags();
    let bytes = column.character_set() == BINARY;
    let unsigned = if flags.contains(ColumnFlags::UNSIGNED_FLAG) { " UNSIGNED" } else { "" };
    let length = column.column_length();
    // Text has its length in bytes of the connection's character set, utf8mb4.
    let letters = length / 4;
    match column.column_type() {
        _ if flags.contains(ColumnFlags::ENUM_FLAG) => "ENUM".to_owned(),
        _ if flags.contains(ColumnFlags::SET_FLAG) => "SET".to_owned(),
        Kind::MYSQL_TYPE_TINY if length == 1 => "BOOLEAN".to_owned(),
        Kind::MYSQL_TYPE_TINY => format!("TINYINT{unsigned}"),
        Kind::MYSQL_TYPE_SHORT => format!("SMALLINT{unsigned}"),
        Kind::MYSQL_TYPE_INT24 => format!("MEDIUMINT{unsigned}"),
        Kind::MYSQL_TYPE_LONG => format!("INTEGER{unsigned}"),
        Kind::MYSQL_TYPE_LONGLONG => format!("BIGINT{unsigned}"),
        Kind::MYSQL_TYPE_FLOAT => "FLOAT".to_owned(),
        Kind::MYSQL_TYPE_DOUBLE => "DOUBLE".to_owned(),
        Kind::MYSQL_TYPE_DECIMAL | Kind::MYSQL_TYPE_NEWDECIMAL => "DECIMAL".to_owned(),
        Kind::MYSQL_TYPE_DATE | Kind::MYSQL_TYPE_NEWDATE => "DATE".to_owned(),
        Kind::MYSQL_TYPE_TIME | Kind::MYSQL_TYPE_TIME2 => "TIME".to_owned(),
        Kind::MYSQL_TYPE_DATETIME | Kind::MYSQL_TYPE_DATETIME2 => "DATETIME".to_owned(),
        Kind::MYSQL_TYPE_TIMESTAMP | Kind::MYSQL_TYPE_TIMESTAMP2 => "TIMESTAMP".to_owned(),
        Kind::MYSQL_TYPE_YEAR => "YEAR".to_owned(),
        Kind::MYSQL_TYPE_BIT => "BIT".to_owned(),
        Kind::MYSQL_TYPE_JSON => "JSON".to_owned(),
        Kind::MYSQL_TYPE_GEOMETRY => "GEOMETRY".to_owned(),
        Kind::MYSQL_TYPE_VAR_STRING | Kind::MYSQL_TYPE_VARCHAR if bytes => format!("VARBINARY({length})"),
        Kind::MYSQL_TYPE_VAR_STRING | Kind::MYSQL_TYPE_VARCHAR => format!("VARCHAR({letters})"),
        Kind::MYSQL_TYPE_STRING if bytes => format!("BINARY({length})"),
        Kind::MYSQL_TYPE_STRING => format!("CHAR({letters})"),
        _ if bytes => "BLOB".to_owned(),
        _ => "TEXT".to_owned(),
    }
}
