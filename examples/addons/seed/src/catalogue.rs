//! Writes the catalogue: users, tags, add-ons with all that hangs on them, and their files in storage. Rows go in by
//! prepared statements inside the caller's transaction, parents first, so that every foreign key holds at every moment.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, Statement, params};

use crate::destination::Destination;
use crate::generate::{Addon, Release, World};
use crate::words::{COMMON_TAGS, THEMES};

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
pub(crate) fn fill(connection: &Connection, world: &World, destination: &Destination) -> Result<Written> {
    let present: i64 = connection.query_row("SELECT count(*) FROM addons", [], |row| row.get(0))?;
    ensure!(present == 0, "there are {present} add-ons already; only a fresh database can be filled");
    users(connection, world)?;
    let mut writer = Writer::prepare(connection)?;
    let mut written = Written::default();
    for addon in world.addons() {
        writer.write(&addon).with_context(|| format!("cannot write the add-on `{}`", addon.slug))?;
        store(&addon, destination, &mut written)?;
        written.addons += 1;
        written.ratings += addon.ratings.len();
        written.versions += addon.releases.len();
        written.files += addon.releases.iter().map(|release| release.files.len()).sum::<usize>();
    }
    Ok(written)
}

fn users(connection: &Connection, world: &World) -> Result<()> {
    let mut insert =
        connection.prepare("INSERT INTO users (id, handle, email, created_at, locale) VALUES (?, ?, ?, ?, ?)")?;
    for user in world.users() {
        let row = params![user.id, user.handle, user.email, user.created_at, user.locale];
        insert.execute(row).with_context(|| format!("cannot write the user `{}`", user.handle))?;
    }
    Ok(())
}

fn store(addon: &Addon, destination: &Destination, written: &mut Written) -> Result<()> {
    let files = addon.releases.iter().flat_map(|release| &release.files);
    for file in addon.icon.iter().chain(files.filter_map(|file| file.stored.as_ref())) {
        destination.store(file)?;
        written.stored += 1;
    }
    Ok(())
}

/// The statements for one add-on, and the numbers of the rows that it refers to.
struct Writer<'connection> {
    licences: BTreeMap<String, i64>,
    categories: BTreeMap<String, i64>,
    tags: BTreeMap<&'static str, i64>,
    addon: Statement<'connection>,
    author: Statement<'connection>,
    category: Statement<'connection>,
    tag: Statement<'connection>,
    translation: Statement<'connection>,
    version: Statement<'connection>,
    file: Statement<'connection>,
    rating: Statement<'connection>,
}

impl<'connection> Writer<'connection> {
    fn prepare(connection: &'connection Connection) -> Result<Self> {
        Ok(Self {
            licences: numbers(connection, "SELECT slug, id FROM licences")?,
            categories: numbers(connection, "SELECT slug, id FROM categories")?,
            tags: tags(connection)?,
            addon: connection.prepare(
                "INSERT INTO addons (id, slug, name, summary, description, status, icon, users_count, \
                 downloads_count, created_at, last_released_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            author: connection
                .prepare("INSERT INTO addon_authors (addon_id, user_id, role, position) VALUES (?, ?, ?, ?)")?,
            category: connection.prepare("INSERT INTO addon_categories (addon_id, category_id) VALUES (?, ?)")?,
            tag: connection.prepare("INSERT INTO addon_tags (addon_id, tag_id) VALUES (?, ?)")?,
            translation: connection
                .prepare("INSERT INTO translations (addon_id, locale, name, summary) VALUES (?, ?, ?, ?)")?,
            version: connection.prepare(
                "INSERT INTO versions (addon_id, number, channel, licence_id, release_notes, released_at) \
                 VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            )?,
            file: connection
                .prepare("INSERT INTO files (version_id, platform, path, size_bytes) VALUES (?, ?, ?, ?)")?,
            rating: connection
                .prepare("INSERT INTO ratings (addon_id, user_id, score, body, created_at) VALUES (?, ?, ?, ?, ?)")?,
        })
    }

    fn write(&mut self, addon: &Addon) -> Result<()> {
        self.addon.execute(params![
            addon.id,
            addon.slug,
            addon.name,
            addon.summary,
            addon.description,
            addon.status,
            addon.icon.as_ref().map(|icon| &icon.path),
            addon.users_count,
            addon.downloads_count,
            addon.created_at,
            addon.releases.last().map(|release| &release.released_at),
        ])?;
        self.write_labels(addon)?;
        let licence = number(&self.licences, "licences", addon.licence)?;
        for release in &addon.releases {
            self.write_release(addon.id, licence, release)?;
        }
        for rating in &addon.ratings {
            self.rating.execute(params![addon.id, rating.user, rating.score, rating.body, rating.created_at])?;
        }
        Ok(())
    }

    /// Authors, categories, tags and translations.
    fn write_labels(&mut self, addon: &Addon) -> Result<()> {
        for (position, author) in addon.authors.iter().enumerate() {
            let role = if position == 0 { "owner" } else { "developer" };
            self.author.execute(params![addon.id, author, role, position as i64])?;
        }
        for slug in &addon.categories {
            self.category.execute(params![addon.id, number(&self.categories, "categories", slug)?])?;
        }
        for tag in &addon.tags {
            self.tag.execute(params![addon.id, self.tags[tag]])?;
        }
        for translation in &addon.translations {
            self.translation.execute(params![addon.id, translation.locale, addon.name, translation.summary])?;
        }
        Ok(())
    }

    fn write_release(&mut self, addon: i64, licence: i64, release: &Release) -> Result<()> {
        let Release { number, channel, notes, released_at, files } = release;
        let row = params![addon, number, channel, licence, notes, released_at];
        let version: i64 = self.version.query_row(row, |row| row.get(0))?;
        for file in files {
            let path = file.stored.as_ref().map(|stored| &stored.path);
            self.file.execute(params![version, file.platform, path, file.size_bytes])?;
        }
        Ok(())
    }
}

/// Writes every tag and returns the numbers they got, in alphabetical order.
fn tags(connection: &Connection) -> Result<BTreeMap<&'static str, i64>> {
    let names: BTreeSet<&str> = THEMES.iter().flat_map(|theme| theme.tags).chain(&COMMON_TAGS).copied().collect();
    let mut insert = connection.prepare("INSERT INTO tags (name) VALUES (?) RETURNING id")?;
    let numbered = names.into_iter().map(|name| Ok((name, insert.query_row([name], |row| row.get(0))?)));
    numbered.collect()
}

fn numbers(connection: &Connection, query: &str) -> Result<BTreeMap<String, i64>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn number(numbers: &BTreeMap<String, i64>, table: &str, slug: &str) -> Result<i64> {
    let found = numbers.get(slug).copied();
    found.with_context(|| format!("`{table}` has no row `{slug}`; the steps before this one fill that table"))
}
