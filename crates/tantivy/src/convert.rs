//! Turns the values of a row into what a field of the index holds, and says exactly which value does not fit. Databases
//! are loose about types (SQLite keeps whatever it is given, PostgreSQL's numbers arrive as text), so a text that spells
//! a number or a date is taken as one; anything else is refused and never guessed.

use std::borrow::Cow;

use stead_engine::Value;
use stead_engine::search::FieldKind;
use tantivy::DateTime;
use tantivy::time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// The longest term that is indexed whole, in bytes: keys and keywords.
pub(crate) const LONGEST_TERM: usize = 32_766;

/// A value as the index takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Converted<'a> {
    /// SQL `NULL`: the document has no such field.
    Absent,
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// UTC. Moments outside the years 1677 to 2262 are moved to the nearest one inside.
    Date(DateTime),
}

/// Why a value does not fit its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("{found} is not {wanted}")]
    Kind { found: String, wanted: &'static str },
    #[error("{found} is not a finite number")]
    NotFinite { found: String },
    #[error("the value has {length} bytes, more than the {LONGEST_TERM} of one exact term")]
    TooLong { length: usize },
    #[error("the text is longer than 4 GB")]
    TooMuch,
    #[error("the key is `NULL`")]
    MissingKey,
}

impl Unfit {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Kind { wanted: "a date", .. } => {
                "dates are written `2024-05-31`, `2024-05-31 23:59:59` or by RFC 3339; convert them in the documents query"
            }
            Self::Kind { .. } | Self::NotFinite { .. } => {
                "convert the value in the documents query, or declare the field with another type"
            }
            Self::TooLong { .. } => "declare the field as `text`, or shorten the value in the documents query",
            Self::TooMuch => "shorten the text in the documents query",
            Self::MissingKey => {
                "the first column of the documents query names the document and must be set in every row"
            }
        }
    }
}

/// A value as a field of that kind takes it.
pub(crate) fn convert(kind: FieldKind, value: &Value) -> Result<Converted<'_>, Unfit> {
    if matches!(value, Value::Null) {
        return Ok(Converted::Absent);
    }
    let unfit = || Unfit::Kind { found: describe(value), wanted: wanted(kind) };
    match kind {
        FieldKind::Text => whole_text(value).ok_or_else(unfit),
        FieldKind::Keyword => exact_text(value).ok_or_else(unfit)?.map(Converted::Text),
        FieldKind::Integer => integer(value).map(Converted::Integer).ok_or_else(unfit),
        FieldKind::Float => float(value).ok_or_else(unfit).and_then(|number| finite(number, value)),
        FieldKind::Boolean => boolean(value).map(Converted::Boolean).ok_or_else(unfit),
        FieldKind::Date => {
            let moment = value.as_text().and_then(moment);
            moment.map(|moment| Converted::Date(DateTime::from_utc(moment))).ok_or_else(unfit)
        }
    }
}

/// The text of a key: what a person or a program names the document by.
pub(crate) fn key_text(value: &Value) -> Result<Cow<'_, str>, Unfit> {
    if matches!(value, Value::Null) {
        return Err(Unfit::MissingKey);
    }
    exact_text(value).ok_or_else(|| Unfit::Kind { found: describe(value), wanted: "a key" })?
}

/// The text that a value has in a field of words, if it has one.
pub(crate) fn plain_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Integer(number) => Some(Cow::Owned(number.to_string())),
        Value::Real(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Blob(_) => None,
    }
}

fn whole_text(value: &Value) -> Option<Converted<'_>> {
    plain_text(value).map(Converted::Text)
}

fn exact_text(value: &Value) -> Option<Result<Cow<'_, str>, Unfit>> {
    let text = plain_text(value)?;
    let length = text.len();
    Some(if length > LONGEST_TERM { Err(Unfit::TooLong { length }) } else { Ok(text) })
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Real(number) => integral(*number),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Null | Value::Blob(_) => None,
    }
}

/// A real number that is a whole one: SQLite gives `3.0` for some sums of integers. Beyond 2^53 neighbours are further
/// apart than one, so the number could be another one by now.
fn integral(number: f64) -> Option<i64> {
    let whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, as was just tested")]
    whole.then_some(number as i64)
}

fn float(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "an integer in a float field is asked for as a float")]
        Value::Integer(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Null | Value::Blob(_) => None,
    }
}

fn finite(number: f64, value: &Value) -> Result<Converted<'static>, Unfit> {
    if number.is_finite() { Ok(Converted::Float(number)) } else { Err(Unfit::NotFinite { found: describe(value) }) }
}

fn boolean(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Integer(0) => return Some(false),
        Value::Integer(1) => return Some(true),
        Value::Text(text) => text.trim().to_ascii_lowercase(),
        _ => return None,
    };
    match text.as_str() {
        "1" | "t" | "true" | "yes" => Some(true),
        "0" | "f" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// Reads `YYYY-MM-DD`, then perhaps `T` or a space and `HH:MM`, `HH:MM:SS` or a fraction of a second, then perhaps an
/// offset (`Z`, `+02`, `+02:00`, `+0200`); without one it is UTC. This covers RFC 3339 and what the databases print.
pub(crate) fn moment(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    let date = day(text.get(..10)?)?;
    let rest = &text[10..];
    let Some(clock) = rest.strip_prefix(['T', 't', ' ']) else {
        return rest.is_empty().then(|| PrimitiveDateTime::new(date, Time::MIDNIGHT).assume_utc());
    };
    let end = clock.find(|letter: char| !matches!(letter, '0'..='9' | ':' | '.')).unwrap_or(clock.len());
    let time = time_of_day(&clock[..end])?;
    let offset = offset(clock[end..].trim_start())?;
    Some(PrimitiveDateTime::new(date, time).assume_offset(offset))
}

/// Reads `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Option<Date> {
    let [year, month, day] = parts(text, '-')?;
    let exact = year.len() == 4 && month.len() == 2 && day.len() == 2;
    let month = Month::try_from(number::<u8>(month)?).ok()?;
    exact.then(|| Date::from_calendar_date(number(year)?, month, number(day)?).ok())?
}

fn time_of_day(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let [hour, minute, second] = parts(clock, ':').or_else(|| {
        let (hour, minute) = clock.split_once(':')?;
        Some([hour, minute, "00"])
    })?;
    let exact = hour.len() == 2 && minute.len() == 2 && second.len() == 2;
    // A leap second is the last one of its minute here: no clock of ours can hold it.
    let second = number::<u8>(second)?;
    let second = if second == 60 { 59 } else { second };
    exact.then(|| Time::from_hms_nano(number(hour)?, number(minute)?, second, nanoseconds(fraction)?).ok())?
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let digits = fraction.get(..9).unwrap_or(fraction);
    let scale = 10_u32.pow(9 - u32::try_from(digits.len()).ok()?);
    (fraction.bytes().all(|byte| byte.is_ascii_digit())).then(|| number::<u32>(digits).map(|value| value * scale))?
}

fn offset(text: &str) -> Option<UtcOffset> {
    if matches!(text, "" | "Z" | "z" | "UTC") {
        return Some(UtcOffset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-'])?.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    UtcOffset::from_hms(sign * number::<i8>(hours)?, sign * number::<i8>(minutes)?, 0).ok()
}

fn parts(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut pieces = text.split(separator);
    let three = [pieces.next()?, pieces.next()?, pieces.next()?];
    pieces.next().is_none().then_some(three)
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn wanted(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::Keyword => "a text",
        FieldKind::Integer => "an integer",
        FieldKind::Float => "a float",
        FieldKind::Boolean => "a boolean",
        FieldKind::Date => "a date",
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "`NULL`".to_owned(),
        Value::Integer(number) => format!("the integer `{number}`"),
        Value::Real(number) => format!("the number `{number}`"),
        Value::Text(text) => format!("the text `{}`", shortened(text)),
        Value::Blob(bytes) => format!("a value of {} raw bytes", bytes.len()),
    }
}

/// The beginning of a text, for messages.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
