//! Writes the counts of the download servers for the popular add-ons: downloads and updates a day, and active users a
//! day and platform. Weekends are quieter, and each add-on grows or shrinks a little over the time.

use anyhow::{Result, ensure};
use rusqlite::{Connection, params};

use crate::calendar::{LAST_DAY, date, is_weekend};
use crate::generate::World;
use crate::random::{Random, Stream};

/// Fills the database; returns how many rows were written. Fails if there are counts already.
pub(crate) fn fill(connection: &Connection, world: &World) -> Result<usize> {
    let present: i64 = connection.query_row("SELECT count(*) FROM daily_downloads", [], |row| row.get(0))?;
    ensure!(present == 0, "there are {present} daily counts already; only a fresh database can be filled");
    let mut rows = 0;
    for (addon, users) in world.most_popular() {
        let random = &mut Random::new(Stream::Usage, addon);
        // A year's growth in percent; a day moves by a 365th of it.
        let growth = random.between(-30, 60);
        rows += downloads(connection, world.scale.download_days, addon, users, growth, random)?;
        rows += active_users(connection, world.scale.user_days, addon, users, random)?;
    }
    Ok(rows)
}

fn downloads(
    connection: &Connection,
    days: i64,
    addon: i64,
    users: i64,
    growth: i64,
    random: &mut Random,
) -> Result<usize> {
    let mut insert =
        connection.prepare_cached("INSERT INTO daily_downloads (addon_id, day, count, updates) VALUES (?, ?, ?, ?)")?;
    for day in days_until_last(days) {
        let trend = 36_500 + growth * (day - LAST_DAY);
        let count = users * trend / 36_500 * week_percent(day) * random.between(80, 120) / 10_000 / 90;
        let updates = users * random.between(1, 12) / 1_000;
        insert.execute(params![addon, date(day), count, updates])?;
    }
    Ok(usize::try_from(days)?)
}

fn active_users(connection: &Connection, days: i64, addon: i64, users: i64, random: &mut Random) -> Result<usize> {
    let mut insert =
        connection.prepare_cached("INSERT INTO daily_users (addon_id, day, platform, count) VALUES (?, ?, ?, ?)")?;
    let mobile = random.between(4, 35);
    for day in days_until_last(days) {
        let active = users * week_percent(day) * random.between(92, 100) / 10_000;
        insert.execute(params![addon, date(day), "desktop", active * (100 - mobile) / 100])?;
        insert.execute(params![addon, date(day), "mobile", active * mobile / 100])?;
    }
    Ok(usize::try_from(days * 2)?)
}

fn days_until_last(days: i64) -> std::ops::RangeInclusive<i64> {
    LAST_DAY - days + 1..=LAST_DAY
}

fn week_percent(day: i64) -> i64 {
    if is_weekend(day) { 72 } else { 100 }
}
