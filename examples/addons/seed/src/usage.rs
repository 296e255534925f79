//! Writes the counts of the download servers for the popular add-ons: downloads and updates a day, and active users a
//! day and platform. Weekends are quieter, and each add-on grows or shrinks a little over the time.

use anyhow::{Context, Result, ensure};

use crate::calendar::{LAST_DAY, date, is_weekend};
use crate::database::{Database, Row, Table};
use crate::generate::World;
use crate::random::{Random, Stream};

const DAILY_DOWNLOADS: Table = Table { name: "daily_downloads", columns: &["addon_id", "day", "count", "updates"] };
const DAILY_USERS: Table = Table { name: "daily_users", columns: &["addon_id", "day", "platform", "count"] };

/// Fills the database; returns how many rows were written. Fails if there are counts already.
pub(crate) fn fill(database: &mut dyn Database, world: &World) -> Result<usize> {
    let present = database.number("SELECT count(*) FROM daily_downloads")?;
    ensure!(present == 0, "there are {present} daily counts already; only a fresh database can be filled");
    let (mut downloaded, mut active) = (Vec::new(), Vec::new());
    for (addon, users) in world.most_popular() {
        let random = &mut Random::new(Stream::Usage, addon);
        // A year's growth in percent; a day moves by a 365th of it.
        let growth = random.between(-30, 60);
        downloaded.extend(downloads(world.scale.download_days, addon, users, growth, random));
        active.extend(active_users(world.scale.user_days, addon, users, random));
    }
    for (table, rows) in [(DAILY_DOWNLOADS, &downloaded), (DAILY_USERS, &active)] {
        database.insert(&table, rows).with_context(|| format!("cannot write to the table `{}`", table.name))?;
    }
    Ok(downloaded.len() + active.len())
}

fn downloads(days: i64, addon: i64, users: i64, growth: i64, random: &mut Random) -> Vec<Row> {
    let row = |day: i64| -> Row {
        let trend = 36_500 + growth * (day - LAST_DAY);
        let count = users * trend / 36_500 * week_percent(day) * random.between(80, 120) / 10_000 / 90;
        let updates = users * random.between(1, 12) / 1_000;
        vec![addon.into(), date(day).into(), count.into(), updates.into()]
    };
    days_until_last(days).map(row).collect()
}

fn active_users(days: i64, addon: i64, users: i64, random: &mut Random) -> Vec<Row> {
    let mobile = random.between(4, 35);
    let rows = |day: i64| -> [Row; 2] {
        let active = users * week_percent(day) * random.between(92, 100) / 10_000;
        let row = |platform: &'static str, count: i64| -> Row {
            vec![addon.into(), date(day).into(), platform.into(), count.into()]
        };
        [row("desktop", active * (100 - mobile) / 100), row("mobile", active * mobile / 100)]
    };
    days_until_last(days).flat_map(rows).collect()
}

fn days_until_last(days: i64) -> std::ops::RangeInclusive<i64> {
    LAST_DAY - days + 1..=LAST_DAY
}

fn week_percent(day: i64) -> i64 {
    if is_weekend(day) { 72 } else { 100 }
}
