//! The catalogue as values: which add-ons there are, how popular each is, and everything that hangs on them. Nothing
//! here reads or writes anything, and only whole numbers are used, so that the same scale gives the same values
//! everywhere.

mod people;
mod popularity;
mod ratings;
mod releases;
mod text;

use crate::calendar::LAST_DAY;
use crate::icons;
use crate::random::{Random, Stream};
use crate::words::{THEMES, Theme};
pub(crate) use people::User;
use popularity::Popularity;
pub(crate) use ratings::Rating;
pub(crate) use releases::Release;

/// How much is made of everything.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    pub(crate) users: usize,
    pub(crate) addons: usize,
    /// Releases of all add-ons together, at least one each.
    pub(crate) versions: usize,
    pub(crate) ratings: usize,
    /// How many add-ons have ratings at all.
    pub(crate) rated: usize,
    /// How many add-ons have an icon in storage.
    pub(crate) icons: usize,
    /// How many add-ons have the file of their newest version in storage.
    pub(crate) packages: usize,
    /// How many add-ons are counted day by day.
    pub(crate) counted: usize,
    /// Days of download counts.
    pub(crate) download_days: i64,
    /// Days of user counts.
    pub(crate) user_days: i64,
}

impl Scale {
    /// What `stead init` fills the example with.
    pub(crate) const FULL: Self = Self {
        users: 12_000,
        addons: 20_000,
        versions: 60_000,
        ratings: 200_000,
        rated: 15_000,
        icons: 3_000,
        packages: 48,
        counted: 400,
        download_days: 60,
        user_days: 14,
    };
}

/// A file for the storage folder: its path there, leaf included, and its bytes.
#[derive(Debug)]
pub(crate) struct StoredFile {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// A summary in another language; the name stays as it is.
#[derive(Debug)]
pub(crate) struct Translation {
    pub(crate) locale: &'static str,
    pub(crate) summary: &'static str,
}

/// An add-on with all that belongs to it.
#[derive(Debug)]
pub(crate) struct Addon {
    pub(crate) id: i64,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) status: &'static str,
    pub(crate) icon: Option<StoredFile>,
    pub(crate) users_count: i64,
    pub(crate) downloads_count: i64,
    pub(crate) created_at: String,
    /// The slug of a row in `licences`.
    pub(crate) licence: &'static str,
    /// Slugs of rows in `categories`.
    pub(crate) categories: Vec<&'static str>,
    pub(crate) tags: Vec<&'static str>,
    /// Numbers of users, the owner first.
    pub(crate) authors: Vec<i64>,
    pub(crate) translations: Vec<Translation>,
    /// Oldest first; never empty.
    pub(crate) releases: Vec<Release>,
    pub(crate) ratings: Vec<Rating>,
}

/// The whole catalogue, made piece by piece.
pub(crate) struct World {
    pub(crate) scale: Scale,
    popularity: Popularity,
}

impl World {
    /// Spreads popularity over the add-ons.
    pub(crate) fn new(scale: Scale) -> Self {
        let popularity = Popularity::new(&scale);
        Self { scale, popularity }
    }

    /// Every user, each with a handle that no other has.
    pub(crate) fn users(&self) -> impl Iterator<Item = User> {
        people::users(self.scale.users)
    }

    /// Every add-on, by number.
    pub(crate) fn addons(&self) -> impl Iterator<Item = Addon> {
        let mut slugs = text::Slugs::default();
        (0..self.scale.addons).map(move |index| self.addon(index, &mut slugs))
    }

    /// The most popular add-ons, as numbers with their count of users, most popular first.
    pub(crate) fn most_popular(&self) -> impl Iterator<Item = (i64, i64)> {
        let indexes = self.popularity.most_popular(self.scale.counted);
        indexes.map(|index| (number(index), users_count(self.popularity.rank(index), number(index))))
    }

    fn addon(&self, index: usize, slugs: &mut text::Slugs) -> Addon {
        let id = number(index);
        let rank = self.popularity.rank(index);
        let random = &mut Random::new(Stream::Addon, id);
        let theme = theme(random);
        let name = text::name(random, theme);
        let slug = slugs.claim(&name);
        let summary = text::summary(random, theme);
        let created = self.created(index);
        let authors = people::authors(random, created, self.scale.users);
        let users_count = users_count(rank, id);
        let releases = self.releases(index, created, &slug, &summary, theme);
        Addon {
            id,
            icon: (rank < self.scale.icons).then(|| icons::icon(id, &name, theme)),
            description: text::description(random, theme, &name),
            status: status(random, rank),
            users_count,
            downloads_count: users_count * random.between(4, 19) + random.between(0, 99),
            created_at: releases[0].released_at.clone(),
            licence: text::licence(random),
            categories: categories(random, theme),
            tags: text::tags(random, theme),
            translations: text::translations(random, theme),
            ratings: ratings::ratings(id, created, &authors, self.popularity.ratings(index), self.scale.users, theme),
            releases,
            slug,
            name,
            summary,
            authors,
        }
    }

    fn releases(&self, index: usize, created: i64, slug: &str, summary: &str, theme: &Theme) -> Vec<Release> {
        let count = self.popularity.versions(index);
        let mut releases = releases::releases(number(index), created, count, theme);
        if self.popularity.rank(index) < self.scale.packages {
            releases::keep_newest(&mut releases, number(index), slug, summary);
        }
        releases
    }

    /// The day an add-on was added. Later numbers are younger; the first ones came a while after the first users.
    fn created(&self, index: usize) -> i64 {
        const FIRST: i64 = 60;
        FIRST + whole(index) * (LAST_DAY - 30 - FIRST) / whole(self.scale.addons)
    }
}

/// Half of the add-ons follow the order of popularity among themes, the others are about anything.
fn theme(random: &mut Random) -> &'static Theme {
    let place = if random.chance(50) { random.early(THEMES.len()) } else { random.place(THEMES.len()) };
    &THEMES[place]
}

/// The number of the add-on at that place of the list.
fn number(index: usize) -> i64 {
    whole(index) + 1
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).expect("counts of rows are far below 2^63")
}

/// Popularity falls with the rank as in most catalogues: half as many users at twice the rank.
fn users_count(rank: usize, id: i64) -> i64 {
    let noise = Random::new(Stream::Popularity, id).between(75, 125);
    24_000 * noise / (whole(rank) + 4)
}

/// Nearly everything is listed; what was taken down was never popular.
fn status(random: &mut Random, rank: usize) -> &'static str {
    match random.below(100) {
        0..2 if rank >= 400 => "disabled",
        2..5 if rank >= 400 => "unlisted",
        _ => "listed",
    }
}

fn categories(random: &mut Random, theme: &Theme) -> Vec<&'static str> {
    let (main, others) = theme.categories.split_first().expect("every theme has a category");
    let others = others.iter().filter(|_| random.chance(60));
    std::iter::once(main).chain(others).copied().collect()
}

#[cfg(test)]
mod tests;
