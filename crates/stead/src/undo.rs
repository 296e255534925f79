//! Undo points: what a destructive command replaced, kept complete so that it can be taken back. A point is a folder
//! with a record; taking it back is one more swap, and makes a point of its own, so undoing twice is redo.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stead_engine::Place;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::files;
use crate::journal::{DatabaseSwap, IndexSwap, Journal, LeafSwap};
use crate::replacement::{Replacement, refuse_without_undo_room};
use crate::state::State;

/// The version of the record's format.
const FORMAT: u32 = 1;
/// The record of a point that can be taken back.
const POINT: &str = "point.json";
/// The record of one that is on its way out. Databases on a server lie outside of the folder, so the record must outlive
/// them: whoever finds it goes on removing.
const GONE: &str = "gone.json";

/// What one destructive command replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoPoint {
    /// The version of this format.
    pub format: u32,
    /// Sorts by time.
    pub id: String,
    /// The command that made it, in the user's words: `load demo`.
    pub operation: String,
    /// When, UTC, RFC 3339.
    pub at: String,
    /// The databases as they were.
    pub databases: Vec<KeptDatabase>,
    /// The storage leaves as they were.
    pub leaves: Vec<KeptLeaf>,
    /// The indexes that answered.
    pub indexes: Vec<KeptIndex>,
}

/// A database of an undo point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDatabase {
    /// The name in the project.
    pub name: String,
    /// Where it is kept; absent if there was no database.
    pub kept: Option<Place>,
    /// Rows in the kept one; absent if it is damaged so far that nobody can count them.
    pub rows: Option<u64>,
    /// The same of the one that replaced it, at that moment.
    pub rows_after: Option<u64>,
}

/// A storage leaf of an undo point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLeaf {
    /// The leaf's name in the project.
    pub leaf: String,
    /// Where it is kept; absent if there was none.
    pub kept: Option<PathBuf>,
}

/// An index of an undo point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptIndex {
    /// The index's name in the project.
    pub name: String,
    /// The id that answered; absent if none did.
    pub id: Option<String>,
}

impl UndoPoint {
    /// The point that a journal will leave behind.
    #[must_use]
    pub fn new(id: String, operation: &str, at: &str) -> Self {
        let (operation, at) = (operation.to_owned(), at.to_owned());
        let lists = (Vec::new(), Vec::new(), Vec::new());
        Self { format: FORMAT, id, operation, at, databases: lists.0, leaves: lists.1, indexes: lists.2 }
    }

    /// Bytes that it keeps on disk; those of a database whose server is not up are not known and not counted.
    pub async fn size(&self, environment: &Environment) -> Result<u64> {
        let mut bytes = 0;
        for database in &self.databases {
            let Some(place) = &database.kept else { continue };
            bytes += match environment.database(&database.name) {
                Ok(known) if environment.stopped(&known.name).is_some() => 0,
                Ok(known) => known.server.size(place).await?,
                // It is not in the project any more: a file is there to be looked at, a server is asked no more.
                Err(_) => files::size(Path::new(&place.0)),
            };
        }
        let leaves = self.leaves.iter().filter_map(|leaf| leaf.kept.as_deref());
        Ok(bytes + leaves.map(files::size).sum::<u64>())
    }
}

/// Every point, oldest first.
///
/// # Errors
///
/// A record that cannot be read, by its path.
pub fn list(state: &State) -> Result<Vec<UndoPoint>> {
    let mut points = Vec::new();
    for folder in files::entries(&state.undo())? {
        let path = folder.join(POINT);
        if files::is_there(&path)? {
            points.push(read(&path)?);
        }
    }
    Ok(points)
}

fn read(path: &Path) -> Result<UndoPoint> {
    let text = std::fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let unreadable = |why: String| {
        Error::failed("undo-point-unreadable", format!("the undo point `{}` cannot be read: {why}", path.display()))
            .hint("remove its folder if you do not need it")
    };
    if let Some(format) = files::later_format(&text, FORMAT) {
        return Err(unreadable(format!("it has format {format}, this stead knows {FORMAT}")));
    }
    // …/.stead/<env>/undo/ID/point.json
    let state = path.ancestors().nth(3).unwrap_or(path);
    files::from_record(&text, &files::base_of(state)).map_err(|error| unreadable(error.to_string()))
}

/// Writes a point's record; its contents lie there already.
pub(crate) fn record(state: &State, point: &UndoPoint) -> Result<()> {
    record_as(state, point, POINT)
}

/// Writes down what was replaced and is not kept, so that the next sweep removes it.
pub(crate) fn record_as_gone(state: &State, point: &UndoPoint) -> Result<()> {
    record_as(state, point, GONE)
}

fn record_as(state: &State, point: &UndoPoint, name: &str) -> Result<()> {
    let folder = state.undo().join(&point.id);
    files::make_folder(&folder)?;
    let text = files::to_record(point, &files::base_of(state.folder()));
    files::write_whole(&folder.join(name), &text)
}

/// What `undo` would take back, for the question it asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The point's id.
    pub id: String,
    /// The command that is taken back.
    pub operation: String,
    /// When it ran.
    pub at: String,
    /// For each database: rows that come back, rows there are now, and rows written since.
    pub databases: Vec<PreviewDatabase>,
}

/// One database of a [`Preview`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviewDatabase {
    /// The name in the project.
    pub name: String,
    /// Rows in the database that comes back; absent if it is damaged.
    pub rows_before: Option<u64>,
    /// Rows in the database now; absent if it is damaged.
    pub rows_now: Option<u64>,
    /// Rows now less rows right after the command: what was written since, as far as counts show it.
    pub written_since: i64,
}

/// Looks at the newest point without changing anything.
///
/// # Errors
///
/// A protected environment; `nothing-to-undo` if there is no point.
pub async fn preview(environment: &Environment) -> Result<Preview> {
    environment.refuse_protected("undo")?;
    let point = newest(environment)?;
    let mut databases = Vec::new();
    for database in &point.databases {
        let rows_now = environment.rows(&environment.database(&database.name)?.place, &database.name).await?;
        databases.push(PreviewDatabase {
            name: database.name.clone(),
            rows_before: database.rows,
            rows_now,
            written_since: written(database.rows_after, rows_now),
        });
    }
    Ok(Preview { id: point.id, operation: point.operation, at: point.at, databases })
}

/// How many rows more there are now; none as far as is known where one of the two could not be counted.
fn written(before: Option<u64>, now: Option<u64>) -> i64 {
    let (Some(before), Some(now)) = (before, now) else { return 0 };
    i64::try_from(now).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX)
}

fn newest(environment: &Environment) -> Result<UndoPoint> {
    list(&environment.state)?.pop().ok_or_else(|| {
        Error::failed("nothing-to-undo", "there is nothing to undo")
            .hint("load, seed, reset, `init --clean`, `init --load` and undo itself leave undo points")
    })
}

/// Takes the newest point back; the operation that was taken back. The caller holds the locks.
///
/// # Errors
///
/// Whatever stops the swap; until it begins nothing was touched.
async fn take_back(environment: &Environment) -> Result<String> {
    let point = newest(environment)?;
    let mut replacement = Replacement::new(environment, format!("undo {}", point.operation));
    for database in &point.databases {
        replacement.put_database(&database.name, database.kept.clone()).await?;
    }
    for leaf in &point.leaves {
        replacement.put_leaf(&leaf.leaf, leaf.kept.clone())?;
    }
    for index in &point.indexes {
        if !environment.project.indexes.contains_key(&index.name) {
            environment.warn(format!("index `{}` is not in the project any more and stays away", index.name));
            continue;
        }
        replacement.put_index(&index.name, index.id.clone()).await?;
    }
    replacement.consumes(&point.id);
    replacement.swap().await?;
    Ok(point.operation)
}

/// Takes the newest point back, under the locks; the operation that was taken back.
///
/// # Errors
///
/// A protected environment, or whatever stops the swap.
pub async fn undo(environment: &Environment) -> Result<String> {
    environment.refuse_protected("undo")?;
    let _held = environment.hold().await?;
    refuse_without_undo_room(environment).await?;
    take_back(environment).await
}

/// Finishes work that a former run began, so that what [`preview`] shows is what [`undo`] takes back. If that work was an
/// undo itself, it is now done, and the operation that it took back is the answer: whoever repeats a command that was cut
/// off wants it carried out, not carried out and taken back.
///
/// # Errors
///
/// A protected environment, or whatever stops the swap.
pub async fn carry_on(environment: &Environment) -> Result<Option<String>> {
    if environment.interrupted()?.is_none() {
        return Ok(None);
    }
    environment.refuse_protected("undo")?;
    let held = environment.hold().await?;
    Ok(held.finished.as_deref().and_then(|operation| operation.strip_prefix("undo ")).map(str::to_owned))
}

/// What an undo would do.
#[must_use]
pub fn plan(preview: &Preview) -> Vec<String> {
    let what = format!("undo {} of {}", preview.operation, preview.at);
    let databases = preview.databases.iter().map(|database| {
        let PreviewDatabase { name, rows_before, rows_now, .. } = database;
        let counted = |rows: &Option<u64>| rows.map_or_else(|| "uncounted".to_owned(), |rows| rows.to_string());
        format!("bring back database {name} with {} rows; it has {} now", counted(rows_before), counted(rows_now))
    });
    [what].into_iter().chain(databases).collect()
}

/// Removes every point; the number removed.
///
/// # Errors
///
/// Whatever cannot be removed.
pub async fn prune_all(environment: &Environment) -> Result<usize> {
    environment.refuse_protected("undo --prune")?;
    let _held = environment.hold().await?;
    let removed = prune(environment, 0, None).await?;
    environment.sweep().await?;
    Ok(removed)
}

/// Removes the oldest points until no more than `keep` remain and they take no more than `max_size` bytes; the number
/// removed. The caller holds the locks.
///
/// # Errors
///
/// Whatever cannot be removed.
pub async fn prune(environment: &Environment, keep: usize, max_size: Option<u64>) -> Result<usize> {
    let points = list(&environment.state)?;
    let mut kept_bytes = 0;
    let mut removed = 0;
    for (position, point) in points.iter().rev().enumerate() {
        kept_bytes += if max_size.is_some() { point.size(environment).await? } else { 0 };
        if position >= keep || max_size.is_some_and(|limit| kept_bytes > limit) {
            remove(environment, point).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

async fn remove(environment: &Environment, point: &UndoPoint) -> Result<()> {
    let folder = environment.state.undo().join(&point.id);
    let (point_file, gone) = (folder.join(POINT), folder.join(GONE));
    std::fs::rename(&point_file, gone).map_err(|error| Error::io("rename", &point_file, &error))?;
    files::sync_folder(&folder).map_err(|error| Error::io("sync", &folder, &error))?;
    discard(environment, &folder, point).await
}

/// Removes what points on their way out still keep, and folders without any record.
///
/// # Errors
///
/// Whatever cannot be removed.
pub(crate) async fn sweep(environment: &Environment) -> Result<()> {
    for folder in files::entries(&environment.state.undo())? {
        let gone = folder.join(GONE);
        if files::is_there(&folder.join(POINT))? {
            continue;
        }
        match files::is_there(&gone)? {
            true => discard(environment, &folder, &read(&gone)?).await?,
            false => environment.discard(&folder)?,
        }
    }
    Ok(())
}

async fn discard(environment: &Environment, folder: &Path, point: &UndoPoint) -> Result<()> {
    for database in &point.databases {
        let Some(place) = &database.kept else { continue };
        match environment.database(&database.name) {
            Ok(known) => known.server.remove(place).await?,
            // Nobody says any more where it is asked for; a file goes with the point's folder.
            Err(_) if Path::new(&place.0).starts_with(folder) => {}
            Err(_) => environment.warn(format!(
                "`{place}` stays where it is: `{}`, whose old content it keeps, is not in the project any more",
                database.name
            )),
        }
    }
    for leaf in point.leaves.iter().filter_map(|leaf| leaf.kept.as_ref()) {
        environment.discard(leaf)?;
    }
    environment.discard(folder)
}

/// Places and folders that undo points and the journal keep; nothing of these may be swept away.
pub(crate) fn kept_places(state: &State, journal: Option<&Journal>) -> Result<Vec<Place>> {
    let points = list(state)?;
    let of_points = points.into_iter().flat_map(|point| point.databases).filter_map(|database| database.kept);
    let swaps = journal.into_iter().flat_map(|journal| &journal.databases).map(|DatabaseSwap { swap, .. }| swap);
    let of_journal = swaps.flat_map(|swap| [swap.built.clone(), swap.kept.clone()]).flatten();
    Ok(of_points.chain(of_journal).collect())
}

/// Ids of indexes that undo points keep.
pub(crate) fn kept_indexes(state: &State, name: &str) -> Result<Vec<String>> {
    let points = list(state)?;
    let indexes = points.into_iter().flat_map(|point| point.indexes);
    Ok(indexes.filter(|index| index.name == name).filter_map(|index| index.id).collect())
}

/// The record entries that mirror the swaps of a journal.
pub(crate) fn entries(
    databases: &[DatabaseSwap],
    leaves: &[LeafSwap],
    before: Vec<(Option<u64>, Option<u64>)>,
    indexes: Vec<(IndexSwap, Option<String>)>,
) -> (Vec<KeptDatabase>, Vec<KeptLeaf>, Vec<KeptIndex>) {
    let databases = databases.iter().zip(before).map(|(database, (rows, rows_after))| KeptDatabase {
        name: database.name.clone(),
        kept: database.swap.kept.clone(),
        rows,
        rows_after,
    });
    let leaves = leaves.iter().map(|leaf| KeptLeaf { leaf: leaf.leaf.clone(), kept: leaf.kept.clone() });
    let indexes = indexes.into_iter().map(|(index, id)| KeptIndex { name: index.name, id });
    (databases.collect(), leaves.collect(), indexes.collect())
}

#[cfg(test)]
mod tests;
