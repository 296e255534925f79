//! Durations and sizes as people write them, `10m`, `1h30m`, `20GB`. A bare number is refused where its unit would be a
//! guess, because a guess of seconds for milliseconds is only noticed in production.

use std::time::Duration;

const DURATION_ADVICE: &str = "write a duration such as `500ms`, `30s`, `10m`, `1h30m` or `2d`";
const SIZE_ADVICE: &str = "write a size such as `500MB`, `20GB` or `1TiB`, or a number of bytes";

/// Why a text is no quantity: the rest of a sentence, and what to write.
pub(super) type Refusal = (String, String);

/// A duration: whole numbers with units from days to milliseconds, largest first.
pub(super) fn duration(text: &str) -> Result<Duration, Refusal> {
    let refuse = |reason: &str| (reason.to_owned(), DURATION_ADVICE.to_owned());
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refuse("is a number without a unit"));
    }
    let mut total = Duration::ZERO;
    let mut smallest = u64::MAX;
    let mut rest = text;
    while !rest.is_empty() || text.is_empty() {
        let (number, unit, after) = leading(rest).ok_or_else(|| refuse("is not a duration"))?;
        let milliseconds =
            duration_unit(unit).filter(|unit| *unit < smallest).ok_or_else(|| refuse("is not a duration"))?;
        let part = number.checked_mul(milliseconds).map(Duration::from_millis);
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(|| refuse("is too long a duration"))?;
        smallest = milliseconds;
        rest = after;
    }
    Ok(total)
}

/// A size in bytes: a whole number, with a decimal or a binary unit or none.
pub(super) fn size(text: &str) -> Result<u64, Refusal> {
    let refuse = |reason: &str| (reason.to_owned(), SIZE_ADVICE.to_owned());
    let (number, unit, after) = leading(text).ok_or_else(|| refuse("is not a size"))?;
    let unit = size_unit(unit).filter(|_| after.is_empty()).ok_or_else(|| refuse("is not a size"))?;
    number.checked_mul(unit).ok_or_else(|| refuse("is too large a size"))
}

/// The number and the unit at the start of `text`, and what follows; a space may stand between them.
fn leading(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..digits].parse().ok()?;
    let rest = text[digits..].strip_prefix(' ').unwrap_or(&text[digits..]);
    let unit = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
    Some((number, &rest[..unit], &rest[unit..]))
}

fn duration_unit(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60 * 1000),
        "h" => Some(60 * 60 * 1000),
        "d" => Some(24 * 60 * 60 * 1000),
        _ => None,
    }
}

fn size_unit(unit: &str) -> Option<u64> {
    match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kb" => Some(1000),
        "mb" => Some(1000_u64.pow(2)),
        "gb" => Some(1000_u64.pow(3)),
        "tb" => Some(1000_u64.pow(4)),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        "tib" => Some(1 << 40),
        _ => None,
    }
}
