//! The versions of one add-on: numbers that only grow, dates in order, notes, and the files of each. The newest file
//! of a few popular add-ons is a real package that lies in storage; all others count as archived.

use super::StoredFile;
use crate::calendar::{LAST_DAY, moment};
use crate::packages::package;
use crate::random::{Random, Stream};
use crate::words::{RELEASE_NOTES, Theme};

/// One version.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) number: String,
    pub(crate) channel: &'static str,
    pub(crate) notes: String,
    pub(crate) released_at: String,
    pub(crate) files: Vec<ReleasedFile>,
}

/// One file of a version.
#[derive(Debug)]
pub(crate) struct ReleasedFile {
    pub(crate) platform: &'static str,
    pub(crate) size_bytes: i64,
    /// The package, where it is kept in storage.
    pub(crate) stored: Option<StoredFile>,
}

/// That many versions, oldest first; the first one appears on the day the add-on was made.
pub(crate) fn releases(id: i64, created: i64, count: usize, theme: &Theme) -> Vec<Release> {
    let random = &mut Random::new(Stream::Version, id);
    let platforms: &[&str] = if random.chance(88) { &["any"] } else { &["desktop", "mobile"] };
    let mut number = if random.chance(30) { [0, 1, 0] } else { [1, 0, 0] };
    let mut size = random.between(9_000, 900_000);
    let mut releases = Vec::with_capacity(count);
    for (turn, released_at) in dates(random, created, count).into_iter().enumerate() {
        if turn > 0 {
            advance(random, &mut number);
        }
        size += random.between(0, size / 12);
        releases.push(Release {
            number: format!("{}.{}.{}", number[0], number[1], number[2]),
            channel: if turn + 1 < count && random.chance(7) { "beta" } else { "stable" },
            notes: if turn == 0 { "First version.".to_owned() } else { notes(random, theme) },
            released_at,
            files: files(random, platforms, size),
        });
    }
    releases
}

/// Makes a package for the newest version and notes where it is kept.
pub(crate) fn keep_newest(releases: &mut [Release], id: i64, slug: &str, summary: &str) {
    let newest = releases.last_mut().expect("an add-on has at least one version");
    let bytes = package(slug, &newest.number, summary, &newest.notes);
    let path = format!("files/{:02}/{slug}-{}.zip", id % 100, newest.number);
    let file = newest.files.first_mut().expect("a version has at least one file");
    file.size_bytes = super::whole(bytes.len());
    file.stored = Some(StoredFile { path, bytes });
}

fn dates(random: &mut Random, created: i64, count: usize) -> Vec<String> {
    let later = (1..count).map(|_| random.between(created + 1, LAST_DAY));
    let mut days: Vec<i64> = std::iter::once(created).chain(later).collect();
    days.sort_unstable();
    let mut dates: Vec<String> = days.iter().map(|day| moment(*day, random.between(0, 86_399))).collect();
    dates.sort_unstable();
    dates
}

/// Mostly repairs, now and then a feature, rarely a new beginning.
fn advance(random: &mut Random, number: &mut [u32; 3]) {
    let [major, minor, patch] = *number;
    *number = match random.below(100) {
        0..8 => [major + 1, 0, 0],
        8..42 => [major, minor + 1, 0],
        _ => [major, minor, patch + 1],
    };
}

fn notes(random: &mut Random, theme: &Theme) -> String {
    let change = random.pick(&RELEASE_NOTES);
    if random.chance(35) { format!("New: {} {change}", random.pick(theme.features)) } else { change.to_owned() }
}

fn files(random: &mut Random, platforms: &[&'static str], size: i64) -> Vec<ReleasedFile> {
    let file = |platform| ReleasedFile { platform, size_bytes: size + random.between(0, 2_000), stored: None };
    platforms.iter().copied().map(file).collect()
}
