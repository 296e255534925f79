//! One command from any machine to a working state. Each step first looks whether it is needed, so that a second run
//! finds nothing to do, and an outage is never taken for an empty environment.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use stead_engine::{Access, Event};
use stead_snapshot::{Snapshot, SnapshotName};

use crate::check::{self, Finding};
use crate::counted::counted;
use crate::dump::SEED_SNAPSHOT;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::load::{self, LoadOptions};
use crate::marker::{self, Marker};
use crate::reindex::{self, IndexState};
use crate::replacement::{self, Replacement, refuse_without_undo_room};
use crate::upgrade::{self, UpgradeOptions};
use crate::wait::{Patience, wait};
use crate::{ledger, seed, storage};

/// How to initialise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitOptions {
    /// Build everything anew.
    pub clean: bool,
    /// Restore exactly that snapshot.
    pub load: Option<String>,
    /// Do not seed an empty environment, now or later.
    pub skip_seed: bool,
    /// Leave the indexes as they are.
    pub skip_index: bool,
    /// Only find out what would be done.
    pub dry_run: bool,
}

impl InitOptions {
    /// True if what is there is replaced, whatever it is: it may even be damaged.
    fn replaces(&self) -> bool {
        self.clean || self.load.is_some()
    }
}

/// What an initialisation did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Initialised {
    /// True if anything was changed.
    pub changed: bool,
    /// The steps with what came of them.
    pub steps: Vec<Step>,
    /// Lines for a person: what there is now, and what to try next.
    pub summary: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is called.
    pub name: String,
    /// `done`, `skipped` or `would`.
    pub state: &'static str,
    /// What came of it, or why it was not needed.
    pub text: String,
}

/// What to ask before `--clean` or `--load`, where anything is to be asked. Waits for the servers.
///
/// # Errors
///
/// As [`init`], as far as it can be known beforehand.
pub async fn question(environment: &Environment, options: &InitOptions) -> Result<Option<String>> {
    refuse(environment, options)?;
    if !options.replaces() || options.dry_run {
        return Ok(None);
    }
    wait_for(environment, options).await?;
    let operation =
        options.load.as_ref().map_or_else(|| "init --clean".to_owned(), |name| format!("init --load {name}"));
    replacement::question(environment, &operation, &environment.names(), true).await
}

/// Waits for the servers; what is to be replaced may be damaged.
async fn wait_for(environment: &Environment, options: &InitOptions) -> Result<()> {
    match wait(environment, Patience::default()).await {
        Err(error) if error.is_damage() && options.replaces() => Ok(()),
        answered => answered,
    }
}

/// Brings the environment to a working state.
///
/// # Errors
///
/// `--clean` together with `--load`; a protected environment for either; whatever a step says, in which case the steps
/// before it stay done and the command can be repeated.
pub async fn init(environment: &Environment, options: &InitOptions) -> Result<Initialised> {
    refuse(environment, options)?;
    let mut run = Run { environment, options, done: Initialised::default() };
    wait_for(environment, options).await?;
    if options.dry_run {
        run.plan().await?;
        return Ok(run.done);
    }
    let held = environment.hold().await?;
    if let Some(operation) = &held.finished {
        run.did("finish", format!("`{operation}`, which was interrupted"), Instant::now());
    }
    run.bring().await?;
    run.leaves()?;
    run.indexes().await?;
    run.self_check().await?;
    run.summarise().await?;
    Ok(run.done)
}

/// What is refused before anything is looked at.
fn refuse(environment: &Environment, options: &InitOptions) -> Result<()> {
    if options.clean && options.load.is_some() {
        return Err(Error::usage("clean-and-load", "`--clean` and `--load` exclude each other; nothing was touched")
            .hint("`--load NAME` replaces everything already; leave `--clean` out"));
    }
    if options.clean {
        environment.refuse_protected("init --clean")?;
    }
    match &options.load {
        Some(name) => {
            environment.refuse_protected("init --load")?;
            load::open(environment, &load_options(name, options)).map(drop)
        }
        None => Ok(()),
    }
}

fn load_options(name: &str, options: &InitOptions) -> LoadOptions {
    LoadOptions { name: name.to_owned(), skip_index: options.skip_index, ..LoadOptions::default() }
}

struct Run<'a> {
    environment: &'a Environment,
    options: &'a InitOptions,
    done: Initialised,
}

/// What there was before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Every database absent, or without a user object, ledger or marker.
    Fresh,
    /// Databases that stead has worked on.
    Known,
    /// Tables, but no marker: somebody else made them.
    Adopted,
}

impl Run<'_> {
    fn did(&mut self, name: &str, text: impl Into<String>, began: Instant) {
        let text = text.into();
        let event = Event::Done { step: name.to_owned(), outcome: text.clone(), took: began.elapsed() };
        self.environment.report(event);
        self.note(name, "done", text);
        self.done.changed = true;
    }

    fn skipped(&mut self, name: &str, why: impl Into<String>) {
        let why = why.into();
        self.environment.report(Event::Skipped { step: name.to_owned(), why: why.clone() });
        self.note(name, "skipped", why);
    }

    /// Records a step that reports about itself.
    fn note(&mut self, name: &str, state: &'static str, text: impl Into<String>) {
        self.done.steps.push(Step { name: name.to_owned(), state, text: text.into() });
    }

    fn would(&mut self, name: &str, text: impl Into<String>) {
        let text = text.into();
        self.done.summary.push(format!("{name}: {text}"));
        self.note(name, "would", text);
    }

    /// Databases, revisions and rows.
    async fn bring(&mut self) -> Result<()> {
        if let Some(name) = &self.options.load {
            let snapshot = load::open(self.environment, &load_options(name, self.options))?;
            return self.replace(&format!("init --load {name}"), Some(snapshot)).await;
        }
        if self.options.clean {
            return self.anew("init --clean").await;
        }
        match self.found().await? {
            Found::Fresh => self.anew("init").await,
            found => self.upgrade(found).await,
        }
    }

    /// Everything from nothing: the valid `_init`, or else the seed, or else only the schema.
    async fn anew(&mut self, operation: &str) -> Result<()> {
        if let Some((why, source)) = self.no_seed() {
            return self.schema_only(operation, &why, source).await;
        }
        match self.valid_seed_snapshot()? {
            Ok(snapshot) => self.replace(operation, Some(snapshot)).await,
            Err(why) => {
                if let Some(why) = why {
                    self.environment.warn(format!("the snapshot `{SEED_SNAPSHOT}` is not used: {why}"));
                }
                self.replace(operation, None).await
            }
        }
    }

    /// Why there is no seeding here, and what the marker says then.
    fn no_seed(&self) -> Option<(String, &'static str)> {
        let project = &self.environment.project;
        if self.options.skip_seed {
            Some(("asked to skip it".to_owned(), "--skip-seed"))
        } else if project.protected || project.environment == "production" {
            Some((format!("`{}` never seeds by itself", project.environment), "environment"))
        } else if project.seed.is_empty() {
            Some(("the project has no seed steps".to_owned(), "no seed steps"))
        } else {
            None
        }
    }

    /// `_init` if it can be used; else why not, where there is one.
    fn valid_seed_snapshot(&self) -> Result<std::result::Result<Snapshot, Option<String>>> {
        let name = SnapshotName::parse(SEED_SNAPSHOT)?;
        let shelf = self.environment.shelf();
        if !shelf.exists(&name) {
            return Ok(Err(None));
        }
        let snapshot = match shelf.open(&name).and_then(|snapshot| snapshot.survey().map(|()| snapshot)) {
            Ok(snapshot) => snapshot,
            Err(error) => return Ok(Err(Some(error.to_string()))),
        };
        if snapshot.manifest().seed_hash.as_deref() != Some(&*seed::hash(self.environment)?) {
            return Ok(Err(Some("the seed steps, or the files they name, have changed".to_owned())));
        }
        Ok(match load::fits(self.environment, snapshot.manifest()) {
            Ok(()) => Ok(snapshot),
            Err(error) => Err(Some(error.to_string())),
        })
    }

    /// Replaces everything by a snapshot, or by what the seed steps make.
    async fn replace(&mut self, operation: &str, snapshot: Option<Snapshot>) -> Result<()> {
        let began = Instant::now();
        refuse_without_undo_room(self.environment).await?;
        let mut replacement = Replacement::new(self.environment, operation);
        replacement.all_ready().await?;
        if operation == "init" {
            replacement.without_point_if_empty();
        }
        let built = match &snapshot {
            Some(snapshot) => {
                let options = load_options(snapshot.manifest().name.as_str(), self.options);
                let loaded = load::build(self.environment, snapshot, &options, &mut replacement).await;
                self.fall_back(snapshot, loaded, &mut replacement).await
            }
            None => seed::build(self.environment, self.options.skip_index, &mut replacement)
                .await
                .map(|seeded| from_steps(&seeded)),
        };
        let text = replacement.swap_if_built(built).await?;
        let name = if snapshot.is_some() { "load" } else { "seed" };
        self.did(name, text, began);
        Ok(())
    }

    /// A damaged `_init` found while it is unpacked is no reason to fail: the seed makes a new one.
    async fn fall_back(
        &self,
        snapshot: &Snapshot,
        loaded: Result<load::Loaded>,
        replacement: &mut Replacement<'_>,
    ) -> Result<String> {
        let name = &snapshot.manifest().name;
        match loaded {
            Ok(loaded) => Ok(format!("{} from `{name}`", counted(loaded.rows, "row"))),
            Err(error) if self.options.load.is_none() && error.code != "interrupted" => {
                self.environment.warn(format!("the snapshot `{name}` is not used: {error}"));
                self.environment.abandon().await;
                replacement.clear();
                let seeded = seed::build(self.environment, self.options.skip_index, replacement).await?;
                Ok(from_steps(&seeded))
            }
            Err(error) => Err(error),
        }
    }

    /// Databases with today's schema and no rows but those that revisions write.
    async fn schema_only(&mut self, operation: &str, why: &str, source: &'static str) -> Result<()> {
        self.skipped("seed", why);
        if self.options.clean {
            return self.schema_only_beside(operation, source).await;
        }
        self.make_missing().await?;
        self.upgrade_all().await?;
        for database in &self.environment.databases {
            let mut session = database.open(Access::Write).await?;
            marker::write(session.as_mut(), &Marker::now(false, source)).await?;
            session.close().await?;
        }
        Ok(())
    }

    async fn schema_only_beside(&mut self, operation: &str, source: &'static str) -> Result<()> {
        let began = Instant::now();
        refuse_without_undo_room(self.environment).await?;
        let mut replacement = Replacement::new(self.environment, operation);
        replacement.all_ready().await?;
        let built = replacement.schema_only(source, self.options.skip_index).await;
        replacement.swap_if_built(built).await?;
        self.did("databases", "built anew", began);
        Ok(())
    }

    async fn make_missing(&mut self) -> Result<()> {
        for database in &self.environment.databases {
            let began = Instant::now();
            if !database.server.exists(&database.place).await? {
                database.server.create(&database.place).await.map_err(|error| database.named(error))?;
                self.did(&format!("database {}", database.name), format!("made {}", database.place), began);
            }
        }
        Ok(())
    }

    async fn upgrade(&mut self, found: Found) -> Result<()> {
        if found == Found::Known {
            self.warn_of_missing().await?;
        }
        self.make_missing().await?;
        if found == Found::Adopted {
            self.skipped("seed", "the databases have tables that stead did not make; they are upgraded, never seeded");
        } else {
            self.skipped("seed", self.marker_text().await?);
        }
        self.upgrade_all().await
    }

    /// One database of several that is gone is made anew, but its rows do not come back by themselves.
    async fn warn_of_missing(&self) -> Result<()> {
        for database in &self.environment.databases {
            if !database.server.exists(&database.place).await? {
                let name = &database.name;
                self.environment.warn(format!(
                    "database `{name}` is gone while others are there: it is made without rows; `stead load NAME --database \
                     {name}` brings back those of a snapshot"
                ));
            }
        }
        Ok(())
    }

    async fn marker_text(&self) -> Result<String> {
        for database in &self.environment.databases {
            let mut session = database.open(Access::Read).await?;
            let marker = marker::read(session.as_mut()).await?;
            session.close().await?;
            if let Some(marker) = marker {
                return Ok(marker.to_string());
            }
        }
        Ok("there are rows already".to_owned())
    }

    async fn upgrade_all(&mut self) -> Result<()> {
        let began = Instant::now();
        let databases = &self.environment.databases;
        let applied = upgrade::upgrade_databases(self.environment, databases, &UpgradeOptions::default()).await?;
        if applied.is_empty() {
            self.skipped("upgrade", "at head");
        } else {
            self.did("upgrade", counted(applied.len(), "revision"), began);
        }
        Ok(())
    }

    /// What there is, never mistaking what cannot be read for nothing.
    async fn found(&self) -> Result<Found> {
        let mut found = Found::Fresh;
        for database in &self.environment.databases {
            if !database.server.exists(&database.place).await? {
                continue;
            }
            let mut session = database.open(Access::Read).await?;
            let marked = marker::read(session.as_mut()).await?.is_some();
            let recorded = !ledger::read(session.as_mut()).await?.is_empty();
            let empty = session.inspect().await.map_err(|error| database.named(error))?.is_empty();
            session.close().await?;
            if marked {
                return Ok(Found::Known);
            }
            if recorded || !empty {
                found = Found::Adopted;
            }
        }
        Ok(found)
    }

    fn leaves(&mut self) -> Result<()> {
        if self.environment.project.storage.is_none() {
            return Ok(());
        }
        let began = Instant::now();
        let made = storage::make_leaves(self.environment)?;
        if made.is_empty() {
            self.skipped("storage", "every leaf is there");
        } else {
            self.did("storage", format!("made {}", made.join(", ")), began);
        }
        Ok(())
    }

    async fn indexes(&mut self) -> Result<()> {
        for name in self.environment.project.indexes.keys() {
            let step = format!("index {name}");
            if self.options.skip_index {
                self.skipped(&step, "asked to skip it");
                continue;
            }
            let status = reindex::status(self.environment, name).await?;
            if status.state == IndexState::Current {
                let documents = status.built.map_or(0, |built| built.documents);
                self.skipped(&step, format!("current, {}", counted(documents, "document")));
                continue;
            }
            let built = reindex::rebuild(self.environment, name).await?;
            self.note(&step, "done", counted(built.documents, "document"));
            self.done.changed = true;
        }
        Ok(())
    }

    /// Differences of the database or the ledger are failures; models that are ahead of the revisions are a warning.
    async fn self_check(&mut self) -> Result<()> {
        let began = Instant::now();
        let findings = check::check_and_remember(self.environment).await?;
        let (ahead, wrong): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| finding.label == 'c');
        for finding in &ahead {
            self.environment.warn(format!("{}: {}", finding.subject, finding.text));
        }
        let Some(first) = wrong.first() else {
            self.environment.report(Event::Done {
                step: "self-check".to_owned(),
                outcome: String::new(),
                took: began.elapsed(),
            });
            self.note("self-check", "done", "no difference");
            return Ok(());
        };
        self.environment.report(Event::Failed { step: "self-check".to_owned() });
        let message = format!("the self-check found a difference: {}: {}", first.subject, first.text);
        let error = Error::new(Kind::Difference, "self-check", message);
        let others = wrong.iter().skip(1).take(9).map(|finding| format!("also: {}: {}", finding.subject, finding.text));
        Err(error.with_hints(others).hint("`stead check` lists every difference"))
    }

    async fn summarise(&mut self) -> Result<()> {
        let status = crate::status::status(self.environment).await?;
        for database in &status.databases {
            let apps: Vec<&str> = database.apps.iter().map(|app| app.app.as_str()).collect();
            let line = format!("database {}  {}  ({})", database.name, database.place, apps.join(", "));
            self.done.summary.push(line);
        }
        for index in &status.indexes {
            if let Some(built) = &index.built {
                self.done.summary.push(format!("index {}  {}", index.name, counted(built.documents, "document")));
            }
        }
        if self.done.changed {
            let search = status.indexes.iter().find(|index| index.built.is_some());
            let search = search.map(|index| format!("`stead search {} WORDS` asks the index, ", index.name));
            self.done.summary.push(format!("next: {}`stead status` shows what is there", search.unwrap_or_default()));
        }
        Ok(())
    }

    /// What would be done, without locks and without changing anything.
    async fn plan(&mut self) -> Result<()> {
        if let Some(operation) = self.environment.interrupted()? {
            return Err(Error::new(Kind::HalfWay, "interrupted", format!("`{operation}` was cut off half-way"))
                .hint("the next command that writes finishes it first, for example `stead init`"));
        }
        match (&self.options.load, self.options.replaces() || self.found().await? == Found::Fresh) {
            (Some(name), _) => self.would("load", format!("everything from `{name}`, then upgrade")),
            (None, true) => self.plan_anew()?,
            (None, false) => self.plan_upgrade().await?,
        }
        for leaf in storage::missing_leaves(self.environment) {
            self.would("storage", format!("make {leaf}"));
        }
        for name in self.environment.project.indexes.keys().filter(|_| !self.options.skip_index) {
            if reindex::status(self.environment, name).await?.state != IndexState::Current {
                self.would(&format!("index {name}"), "build it");
            }
        }
        Ok(())
    }

    fn plan_anew(&mut self) -> Result<()> {
        let names: Vec<&str> = self.environment.databases.iter().map(|database| database.name.as_str()).collect();
        self.would("databases", format!("make {}", names.join(", ")));
        if let Some((why, _)) = self.no_seed() {
            self.would("upgrade", "apply every revision");
            self.would("seed", format!("skip it: {why}"));
        } else if self.valid_seed_snapshot()?.is_ok() {
            self.would("load", format!("everything from `{SEED_SNAPSHOT}`, then upgrade"));
        } else {
            self.would("seed", "apply every revision, then run the seed steps");
        }
        Ok(())
    }

    async fn plan_upgrade(&mut self) -> Result<()> {
        let steps = upgrade::plan(self.environment, &UpgradeOptions::default()).await?;
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for step in &steps {
            *count.entry(step.database.clone()).or_default() += 1;
        }
        for (database, count) in count {
            self.would(&format!("upgrade {database}"), counted(count, "revision"));
        }
        Ok(())
    }
}

/// What a seed did, for the line of its step.
fn from_steps(seeded: &seed::Seeded) -> String {
    format!("{} from {}", counted(seeded.rows, "row"), counted(seeded.steps, "step"))
}
