//! Build beside, prove, swap, keep: the last two. A use case hands over what it has built and proved; this collects it
//! into one journal, checks that there is room, lets everything change places, and leaves one undo point behind.

use std::path::PathBuf;

use stead_engine::snapshot::Swap;
use stead_engine::{Access, Place};
use stead_schema::EngineKind;

use crate::counted::counted;
use crate::environment::{Database, Environment};
use crate::error::{Error, Result};
use crate::journal::{DatabaseSwap, IndexSwap, Journal, LeafSwap};
use crate::marker::Marker;
use crate::undo::{self, UndoPoint};
use crate::upgrade::UpgradeOptions;
use crate::{clock, files, marker, reindex, upgrade};

/// The environment of one developer, who can take everything back.
const DEVELOPMENT: &str = "development";

/// A set of things that will change places together.
pub struct Replacement<'a> {
    environment: &'a Environment,
    journal: Journal,
    point: String,
    token: String,
    rows: Vec<(Option<u64>, Option<u64>)>,
    indexes: Vec<(IndexSwap, Option<String>)>,
    point_if_files: bool,
}

impl<'a> Replacement<'a> {
    /// Nothing to replace yet. The operation is in the user's words and is what `undo --list` shows.
    #[must_use]
    pub fn new(environment: &'a Environment, operation: impl Into<String>) -> Self {
        let token = clock::token();
        let point = format!("{}-{}", clock::digits(), &token[..6]);
        let point = unused_point(environment, point);
        let journal = Journal::new(operation);
        Self { environment, journal, point, token, rows: Vec::new(), indexes: Vec::new(), point_if_files: false }
    }

    /// Asks every server whether this can go through, before anything long is done: a right that lacks is told now and not
    /// after the building. Of files the first write beside them tells the same.
    ///
    /// # Errors
    ///
    /// A right that lacks, by its name, or whoever is in the way.
    pub async fn ready(&self, names: &[String]) -> Result<()> {
        let folder = self.environment.state.undo().join(&self.point);
        for name in names {
            let database = self.environment.database(name)?;
            if database.server.kind() == EngineKind::Sqlite {
                continue;
            }
            let (live, bulk) = (database.place.clone(), database.server.bulk());
            let exists = database.server.exists(&live).await?;
            let kept = exists.then(|| bulk.keeping(&live, &folder, &self.token));
            let built = Some(bulk.beside(&live, &self.token));
            let swap = Swap { live, built, kept, token: self.token.clone() };
            bulk.ready(&swap).await.map_err(|error| database.named(error))?;
        }
        Ok(())
    }

    /// The same for all databases.
    ///
    /// # Errors
    ///
    /// As [`Replacement::ready`].
    pub async fn all_ready(&self) -> Result<()> {
        self.ready(&self.environment.names()).await
    }

    /// The mark of this run in the names of what it builds.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where a replacement of that database is to be built.
    ///
    /// # Errors
    ///
    /// A name that is not in the project.
    pub fn beside(&self, name: &str) -> Result<Place> {
        let database = self.environment.database(name)?;
        Ok(database.server.bulk().beside(&database.place, &self.token))
    }

    /// Where a replacement of that storage leaf is to be built: an empty folder, made by this call.
    ///
    /// # Errors
    ///
    /// Whatever the file system refuses.
    pub fn leaf_beside(&self, leaf: &str) -> Result<PathBuf> {
        let folder = self.environment.storage_beside(&self.token)?.join(leaf);
        files::make_folder(&folder)?;
        Ok(folder)
    }

    /// The same with the mode of the leaf that it will replace.
    ///
    /// # Errors
    ///
    /// Whatever the file system refuses.
    pub fn leaf_like_live(&self, leaf: &str) -> Result<PathBuf> {
        let folder = self.leaf_beside(leaf)?;
        files::take_mode(&self.environment.leaf(leaf)?, &folder)?;
        Ok(folder)
    }

    /// A built leaf, given to whom the one belongs that it will replace.
    ///
    /// # Errors
    ///
    /// As [`Replacement::put_leaf`].
    pub fn put_built_leaf(&mut self, leaf: &str, built: PathBuf) -> Result<()> {
        files::take_owner(&self.environment.leaf(leaf)?, &built);
        self.put_leaf(leaf, Some(built))
    }

    /// The built database shall take the name; `None`: there shall be none.
    ///
    /// # Errors
    ///
    /// Whatever the engine refuses.
    pub async fn put_database(&mut self, name: &str, built: Option<Place>) -> Result<()> {
        let database = self.environment.database(name)?;
        let live = database.place.clone();
        let exists = database.server.exists(&live).await?;
        let folder = self.environment.state.undo().join(&self.point);
        let kept = exists.then(|| database.server.bulk().keeping(&live, &folder, &self.token));
        let rows = self.environment.rows(&live, name).await?;
        if rows.is_none() {
            self.environment.warn(format!("database `{name}` is damaged: its rows cannot be counted"));
        }
        let mut rows_after = Some(0);
        if let Some(built) = &built {
            marker::set_swap_token(database, built, &self.token).await?;
            rows_after = self.environment.rows(built, name).await?;
        }
        self.rows.push((rows, rows_after));
        let swap = Swap { live, built, kept, token: self.token.clone() };
        self.journal.databases.push(DatabaseSwap { name: name.to_owned(), swap });
        Ok(())
    }

    /// The built folder shall become the leaf; `None`: there shall be none.
    ///
    /// # Errors
    ///
    /// A leaf without storage in the project, or whatever the file system refuses.
    pub fn put_leaf(&mut self, leaf: &str, built: Option<PathBuf>) -> Result<()> {
        let live = self.environment.leaf(leaf)?;
        crate::journal::refuse_unmovable(&live)?;
        let kept = live.exists().then(|| self.environment.leaf_keeping(&self.point, &self.token, leaf)).transpose()?;
        let built_inode = built.as_deref().and_then(files::inode);
        self.journal.leaves.push(LeafSwap { leaf: leaf.to_owned(), live, built, built_inode, kept });
        Ok(())
    }

    /// The index of that id shall answer; `None`: none shall.
    ///
    /// # Errors
    ///
    /// Whatever the search engine refuses.
    pub async fn put_index(&mut self, name: &str, publish: Option<String>) -> Result<()> {
        let engine = self.environment.search_engine(name)?;
        let current = engine.current(name).await.unwrap_or_default().map(|built| built.id);
        let index = IndexSwap { name: name.to_owned(), publish };
        self.journal.indexes.push(index.clone());
        self.indexes.push((index, current));
        Ok(())
    }

    /// The databases were empty before. If the storage was too, there is nothing to take back and no undo point is left;
    /// files that lie there already are kept as one.
    pub fn without_point_if_empty(&mut self) {
        self.point_if_files = true;
    }

    /// Forgets what was put here; the caller removes what was built.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.indexes.clear();
        self.journal.databases.clear();
        self.journal.leaves.clear();
        self.journal.indexes.clear();
    }

    /// Builds databases with today's schema, a marker that says that seeding was skipped, and empty leaves.
    ///
    /// # Errors
    ///
    /// A revision that fails, or whatever the engine or the file system refuses.
    pub async fn schema_only(&mut self, source: &str, skip_index: bool) -> Result<()> {
        let mut built = Vec::new();
        for live in &self.environment.databases {
            let place = self.beside(&live.name)?;
            live.server.create(&place).await?;
            built.push(Database { place, ..live.clone() });
        }
        upgrade::upgrade_databases(self.environment, &built, &UpgradeOptions::default()).await?;
        for database in &built {
            let mut session = database.open(Access::Write).await?;
            marker::write(session.as_mut(), &Marker::now(false, source)).await?;
            session.close().await?;
        }
        if !skip_index {
            reindex::build_for(self.environment, &built, self).await?;
        }
        for database in built {
            self.put_database(&database.name, Some(database.place)).await?;
        }
        self.empty_leaves()
    }

    /// Puts an empty folder in place of every leaf.
    ///
    /// # Errors
    ///
    /// Whatever the file system refuses.
    pub fn empty_leaves(&mut self) -> Result<()> {
        let leaves = self.environment.project.storage.iter().flat_map(|storage| &storage.leaves);
        for leaf in leaves {
            let built = self.leaf_like_live(leaf)?;
            self.put_built_leaf(leaf, built)?;
        }
        Ok(())
    }

    /// This takes back an undo point, which ends with it.
    pub fn consumes(&mut self, point: &str) {
        self.journal.consumes = Some(point.to_owned());
    }

    /// Lets everything change places. What was replaced becomes the newest undo point, unless the user consented to
    /// do without one, and points beyond the project's limits are removed.
    ///
    /// # Errors
    ///
    /// Too little room or an engine in use by others, before anything is touched; exit 6 if it is cut off half-way.
    pub async fn swap(self) -> Result<()> {
        let environment = self.environment;
        let swapped = self.swap_and_sweep().await;
        // As long as there is no journal nothing has moved, and what was built is rubbish.
        if swapped.is_err() && !environment.state.journal().exists() {
            environment.abandon().await;
        }
        swapped
    }

    /// Swaps if the building went well; else removes what was built and gives the error back.
    ///
    /// # Errors
    ///
    /// The error of the building, or as [`Replacement::swap`].
    pub async fn swap_if_built<T>(self, built: Result<T>) -> Result<T> {
        match built {
            Ok(outcome) => self.swap().await.map(|()| outcome),
            Err(error) => {
                self.environment.abandon().await;
                Err(error)
            }
        }
    }

    async fn swap_and_sweep(mut self) -> Result<()> {
        let files = self.journal.leaves.iter().any(|leaf| leaf.kept.is_some() && !files::is_empty(&leaf.live));
        let keep = (files || !self.point_if_files) && !self.environment.consents.no_undo;
        if files && self.point_if_files {
            self.environment.warn("there were files in the storage already; `stead undo` brings them back");
        }
        let (databases, leaves, indexes) =
            undo::entries(&self.journal.databases, &self.journal.leaves, self.rows, self.indexes);
        let point = UndoPoint::new(self.point.clone(), &self.journal.operation, &self.journal.at);
        let point = UndoPoint { databases, leaves, indexes, ..point };
        if keep {
            self.journal.point = Some(point);
        } else {
            self.journal.gone = Some(point);
        }
        files::make_folder(&self.environment.state.undo().join(&self.point))?;
        self.journal.run(self.environment).await?;
        let settings = &self.environment.project.undo;
        let keep_points = usize::try_from(settings.keep).unwrap_or(usize::MAX);
        undo::prune(self.environment, keep_points, settings.max_size).await?;
        self.environment.sweep().await
    }
}

/// Two runs within one second must not share a point, and a later one must sort behind an earlier one.
fn unused_point(environment: &Environment, point: String) -> String {
    let newest = undo::list(&environment.state).ok().and_then(|points| points.last().map(|last| last.id.clone()));
    match newest {
        Some(newest) if newest >= point => format!("{newest}~"),
        _ => point,
    }
}

/// What to ask before an operation replaces these databases, and the stored files where they go with them. Nothing in
/// `development`, where taking it back is answer enough, and nothing where there is nothing to lose.
///
/// # Errors
///
/// Whatever the engine says when rows are counted.
pub async fn question(
    environment: &Environment,
    operation: &str,
    names: &[String],
    with_files: bool,
) -> Result<Option<String>> {
    let project = &environment.project;
    if project.environment == DEVELOPMENT {
        return Ok(None);
    }
    let mut rows = Some(0);
    for name in names {
        let more = environment.rows(&environment.database(name)?.place, name).await?;
        rows = rows.zip(more).map(|(rows, more)| rows + more);
    }
    let mut leaves = project.storage.iter().flat_map(|storage| storage.leaves.iter().map(|leaf| storage.leaf(leaf)));
    let files = with_files && leaves.any(|leaf| !files::is_empty(&leaf));
    let what = match (rows, files) {
        (Some(0), false) => return Ok(None),
        (Some(rows), false) => counted(rows, "row"),
        (Some(rows), true) => format!("{} and the stored files", counted(rows, "row")),
        (None, _) => "what is damaged".to_owned(),
    };
    let fate = if environment.consents.no_undo { "are gone then" } else { "move to a new undo point" };
    let (names, project, place) = (names.join(", "), &project.name, &project.environment);
    Ok(Some(format!("replace {names} of `{project}` ({place}) by `{operation}`? {what} {fate}")))
}

/// Refuses, before anything is built, if what would be kept is larger than the project allows and would be removed at once.
///
/// # Errors
///
/// Exit 4, unless the user consented to go without an undo point.
pub async fn refuse_without_undo_room(environment: &Environment) -> Result<()> {
    let Some(limit) = environment.project.undo.max_size.filter(|_| !environment.consents.no_undo) else {
        return Ok(());
    };
    let leaves =
        environment.project.storage.iter().flat_map(|storage| storage.leaves.iter().map(|leaf| storage.leaf(leaf)));
    let mut bytes = leaves.map(|leaf| files::size(&leaf)).sum::<u64>();
    for database in &environment.databases {
        bytes += database.server.size(&database.place).await?;
    }
    if bytes <= limit {
        return Ok(());
    }
    let message = format!("keeping what is replaced takes {bytes} bytes, `undo.max_size` allows {limit}");
    Err(Error::refused("undo-too-large", message)
        .hint("raise `undo.max_size` in `stead.toml`, or go without an undo point: `--allow no-undo`"))
}
