//! Days as numbers and as text. The clock is never read: the catalogue ends on a fixed day, so that every run gives
//! the same dates.

/// The last day of the catalogue, counted from 2018-01-01: it is 2026-06-30.
pub(crate) const LAST_DAY: i64 = 3_102;

const FIRST_YEAR: i64 = 2018;
const SECONDS_A_DAY: i64 = 86_400;

/// The day as `YYYY-MM-DD`; day 0 is 2018-01-01.
pub(crate) fn date(day: i64) -> String {
    let (mut year, mut rest) = (FIRST_YEAR, day);
    while rest >= days_in_year(year) {
        rest -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_in_month(year, month) {
        rest -= days_in_month(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", rest + 1)
}

/// A moment of the day as `YYYY-MM-DDTHH:MM:SSZ`; seconds beyond the end of the day wrap around.
pub(crate) fn moment(day: i64, second: i64) -> String {
    let second = second.rem_euclid(SECONDS_A_DAY);
    format!("{}T{:02}:{:02}:{:02}Z", date(day), second / 3600, second / 60 % 60, second % 60)
}

/// True on Saturdays and Sundays; day 0 is a Monday.
pub(crate) fn is_weekend(day: i64) -> bool {
    day.rem_euclid(7) >= 5
}

fn days_in_year(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests;
