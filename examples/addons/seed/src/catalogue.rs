//! Writes the catalogue: users, tags, add-ons with all that hangs on them, and their files in storage. Rows are gathered
//! for some hundred add-ons at a time and go in table by table, parents first, so that every foreign key holds at every
//! moment.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use crate::database::{Database, Row, Table, Value};
use crate::destination::Destination;
use crate::generate::{Addon, Release, World};
use crate::words::{COMMON_TAGS, THEMES};

/// Add-ons whose rows are gathered before they are written.
const BATCH: usize = 500;

const USERS: Table = Table { name: "users", columns: &["id", "handle", "email", "created_at", "locale"] };
const TAGS: Table = Table { name: "tags", columns: &["id", "name"] };
const ADDONS: Table = Table {
    name: "addons",
    columns: &[
        "id",
        "slug",
        "name",
        "summary",
        "description",
        "status",
        "icon",
        "users_count",
        "downloads_count",
        "created_at",
        "last_released_at",
    ],
};
const ADDON_AUTHORS: Table = Table { name: "addon_authors", columns: &["addon_id", "user_id", "role", "position"] };
const ADDON_CATEGORIES: Table = Table { name: "addon_categories", columns: &["addon_id", "category_id"] };
const ADDON_TAGS: Table = Table { name: "addon_tags", columns: &["addon_id", "tag_id"] };
const TRANSLATIONS: Table = Table { name: "translations", columns: &["addon_id", "locale", "name", "summary"] };
const VERSIONS: Table = Table {
    name: "versions",
    columns: &["id", "addon_id", "number", "channel", "licence_id", "release_notes", "released_at"],
};
const FILES: Table = Table { name: "files", columns: &["id", "version_id", "platform", "path", "size_bytes"] };
const RATINGS: Table =
    Table { name: "ratings", columns: &["id", "addon_id", "user_id", "score", "body", "created_at"] };

/// The tables that number their rows, those of the steps before this program too.
const NUMBERED: [&str; 9] =
    ["users", "groups", "categories", "licences", "tags", "addons", "versions", "files", "ratings"];

/// What was written, for the closing line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) addons: usize,
    pub(crate) versions: usize,
    pub(crate) files: usize,
    pub(crate) ratings: usize,
    pub(crate) stored: usize,
}

/// Fills the database and the storage folder. Fails if there are add-ons already, or if a licence or category that
/// the add-ons need is missing.
pub(crate) fn fill(database: &mut dyn Database, world: &World, destination: &Destination) -> Result<Written> {
    let present = database.number("SELECT count(*) FROM addons")?;
    ensure!(present == 0, "there are {present} add-ons already; only a fresh database can be filled");
    users(database, world)?;
    let mut writer = Writer::prepare(database)?;
    let mut written = Written::default();
    for addon in world.addons() {
        store(&addon, destination, &mut written)?;
        written.addons += 1;
        written.ratings += addon.ratings.len();
        written.versions += addon.releases.len();
        written.files += addon.releases.iter().map(|release| release.files.len()).sum::<usize>();
        let slug = addon.slug.clone();
        writer.add(addon).with_context(|| format!("cannot write the add-on `{slug}`"))?;
        if written.addons % BATCH == 0 {
            writer.flush(database)?;
        }
    }
    writer.flush(database)?;
    database.go_on_counting(&NUMBERED)?;
    Ok(written)
}

fn users(database: &mut dyn Database, world: &World) -> Result<()> {
    let row = |user: crate::generate::User| -> Row {
        let created_at = Value::Moment(user.created_at);
        vec![user.id.into(), user.handle.into(), user.email.into(), created_at, user.locale.into()]
    };
    insert(database, &USERS, &world.users().map(row).collect::<Vec<Row>>())
}

fn insert(database: &mut dyn Database, table: &Table, rows: &[Row]) -> Result<()> {
    database.insert(table, rows).with_context(|| format!("cannot write to the table `{}`", table.name))
}

fn store(addon: &Addon, destination: &Destination, written: &mut Written) -> Result<()> {
    let files = addon.releases.iter().flat_map(|release| &release.files);
    for file in addon.icon.iter().chain(files.filter_map(|file| file.stored.as_ref())) {
        destination.store(file)?;
        written.stored += 1;
    }
    Ok(())
}

/// Rows that wait to be written, and the numbers of the rows that they refer to.
struct Writer {
    licences: BTreeMap<String, i64>,
    categories: BTreeMap<String, i64>,
    tags: BTreeMap<&'static str, i64>,
    /// The numbers that the last rows got.
    version: i64,
    file: i64,
    rating: i64,
    waiting: Waiting,
}

#[derive(Default)]
struct Waiting {
    addons: Vec<Row>,
    authors: Vec<Row>,
    categories: Vec<Row>,
    tags: Vec<Row>,
    translations: Vec<Row>,
    versions: Vec<Row>,
    files: Vec<Row>,
    ratings: Vec<Row>,
}

impl Writer {
    fn prepare(database: &mut dyn Database) -> Result<Self> {
        Ok(Self {
            licences: database.numbers("SELECT slug, id FROM licences")?,
            categories: database.numbers("SELECT slug, id FROM categories")?,
            tags: tags(database)?,
            version: highest(database, &VERSIONS)?,
            file: highest(database, &FILES)?,
            rating: highest(database, &RATINGS)?,
            waiting: Waiting::default(),
        })
    }

    fn add(&mut self, addon: Addon) -> Result<()> {
        self.add_labels(&addon)?;
        let id = addon.id;
        self.waiting.addons.push(vec![
            id.into(),
            addon.slug.into(),
            addon.name.into(),
            addon.summary.into(),
            addon.description.into(),
            addon.status.into(),
            addon.icon.map(|icon| icon.path).into(),
            addon.users_count.into(),
            addon.downloads_count.into(),
            Value::Moment(addon.created_at),
            addon.releases.last().map(|release| Value::Moment(release.released_at.clone())).into(),
        ]);
        let licence = number(&self.licences, "licences", addon.licence)?;
        for release in addon.releases {
            self.add_release(id, licence, release);
        }
        for rating in addon.ratings {
            self.rating += 1;
            let created_at = Value::Moment(rating.created_at);
            let (user, score, body) = (rating.user.into(), rating.score.into(), rating.body.into());
            self.waiting.ratings.push(vec![self.rating.into(), id.into(), user, score, body, created_at]);
        }
        Ok(())
    }

    /// Authors, categories, tags and translations.
    fn add_labels(&mut self, addon: &Addon) -> Result<()> {
        let id = addon.id;
        for (author, position) in addon.authors.iter().zip(0_i64..) {
            let role = if position == 0 { "owner" } else { "developer" };
            self.waiting.authors.push(vec![id.into(), (*author).into(), role.into(), position.into()]);
        }
        for slug in &addon.categories {
            let category = number(&self.categories, "categories", slug)?;
            self.waiting.categories.push(vec![id.into(), category.into()]);
        }
        for tag in &addon.tags {
            self.waiting.tags.push(vec![id.into(), self.tags[tag].into()]);
        }
        for translation in &addon.translations {
            let (locale, summary) = (translation.locale.into(), translation.summary.into());
            self.waiting.translations.push(vec![id.into(), locale, addon.name.clone().into(), summary]);
        }
        Ok(())
    }

    fn add_release(&mut self, addon: i64, licence: i64, release: Release) {
        let Release { number, channel, notes, released_at, files } = release;
        self.version += 1;
        let released_at = Value::Moment(released_at);
        let version = self.version.into();
        self.waiting.versions.push(vec![
            version,
            addon.into(),
            number.into(),
            channel.into(),
            licence.into(),
            notes.into(),
            released_at,
        ]);
        for file in files {
            self.file += 1;
            let path = file.stored.map(|stored| stored.path).into();
            let (platform, size_bytes) = (file.platform.into(), file.size_bytes.into());
            self.waiting.files.push(vec![self.file.into(), self.version.into(), platform, path, size_bytes]);
        }
    }

    /// Writes what waits, parents first.
    fn flush(&mut self, database: &mut dyn Database) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        insert(database, &ADDONS, &waiting.addons)?;
        insert(database, &ADDON_AUTHORS, &waiting.authors)?;
        insert(database, &ADDON_CATEGORIES, &waiting.categories)?;
        insert(database, &ADDON_TAGS, &waiting.tags)?;
        insert(database, &TRANSLATIONS, &waiting.translations)?;
        insert(database, &VERSIONS, &waiting.versions)?;
        insert(database, &FILES, &waiting.files)?;
        insert(database, &RATINGS, &waiting.ratings)
    }
}

/// Writes every tag and returns the numbers they got, in alphabetical order.
fn tags(database: &mut dyn Database) -> Result<BTreeMap<&'static str, i64>> {
    let names: BTreeSet<&str> = THEMES.iter().flat_map(|theme| theme.tags).chain(&COMMON_TAGS).copied().collect();
    let first = highest(database, &TAGS)? + 1;
    let numbered: BTreeMap<&'static str, i64> = names.into_iter().zip(first..).collect();
    let rows: Vec<Row> = numbered.iter().map(|(name, id)| vec![(*id).into(), (*name).into()]).collect();
    insert(database, &TAGS, &rows)?;
    Ok(numbered)
}

/// The highest number in a table. The program numbers its rows itself, so that they are the same on every engine.
fn highest(database: &mut dyn Database, table: &Table) -> Result<i64> {
    database.number(&format!("SELECT coalesce(max(id), 0) FROM {}", table.name))
}

fn number(numbers: &BTreeMap<String, i64>, table: &str, slug: &str) -> Result<i64> {
    let found = numbers.get(slug).copied();
    found.with_context(|| format!("`{table}` has no row `{slug}`; the steps before this one fill that table"))
}
