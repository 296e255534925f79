//! Dates around the ends of months and leap years, and the two ends of the catalogue.

use super::{LAST_DAY, date, is_weekend, moment};

#[test]
fn days_become_dates() {
    let expected = [
        (0, "2018-01-01"),
        (30, "2018-01-31"),
        (31, "2018-02-01"),
        (364, "2018-12-31"),
        (365, "2019-01-01"),
        (789, "2020-02-29"),
        (790, "2020-03-01"),
        (1095, "2020-12-31"),
        (1096, "2021-01-01"),
        (LAST_DAY, "2026-06-30"),
    ];
    for (day, text) in expected {
        assert_eq!(date(day), text);
    }
}

#[test]
fn moments_are_within_their_day() {
    assert_eq!(moment(0, 0), "2018-01-01T00:00:00Z");
    assert_eq!(moment(0, 86_399), "2018-01-01T23:59:59Z");
    assert_eq!(moment(0, 86_400), "2018-01-01T00:00:00Z");
}

#[test]
fn the_first_week_ends_on_a_sunday() {
    let weekend: Vec<i64> = (0..14).filter(|day| is_weekend(*day)).collect();
    assert_eq!(weekend, [5, 6, 12, 13]);
}
